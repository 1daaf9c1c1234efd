"""The beat network: a stack of dilated convolutions from band levels to beat, downbeat and onset activations.

In: levels [batch, 40, T] at 100 frames a second, T even, see `prepare`. Out: logits [batch, 4, T/2] at 50 a second:
beat, downbeat, onset in the first and in the second half of the frame.
"""
import torch
from torch import nn
from torch.nn import functional

BANDS = 40
CHANNELS = 48
DILATIONS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
RANGE_DB = 60.0


def prepare(level_bytes, reference_byte):
    """Bytes of half a decibel as 0 … about 1.2: decibels above `reference` - 60 dB, over 60."""
    return torch.clamp((level_bytes - reference_byte) * 0.5 / RANGE_DB + 1.0, min=0.0)


class Block(nn.Module):
    def __init__(self, dilation):
        super().__init__()
        self.spread = nn.Conv1d(CHANNELS, CHANNELS, 5, padding=2 * dilation, dilation=dilation)
        self.mix = nn.Conv1d(CHANNELS, CHANNELS, 1)
        self.drop = nn.Dropout(0.05)

    def forward(self, x):
        return x + self.mix(self.drop(functional.elu(self.spread(x))))


class BeatNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.front = nn.Conv1d(2 * BANDS, CHANNELS, 8, stride=2, padding=3)
        self.second = nn.Conv1d(CHANNELS, CHANNELS, 3, padding=1)
        self.blocks = nn.ModuleList(Block(d) for d in DILATIONS)
        self.head = nn.Conv1d(CHANNELS, 4, 1)

    def forward(self, levels):
        rise = torch.relu(levels - functional.pad(levels, (3, 0))[:, :, :-3]) * 3.0
        x = functional.elu(self.front(torch.cat([levels, rise], dim=1)))
        x = functional.elu(self.second(x))
        for block in self.blocks:
            x = block(x)
        return self.head(functional.elu(x))
