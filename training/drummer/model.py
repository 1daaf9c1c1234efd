"""The network: one gated recurrent layer over position, controls, style and what the drummer remembers."""
import math

import torch
from torch import nn

from layout import HEARD_SIZE, INPUT_SIZE, MIXTURES, SPREAD_SIZE, STYLE, STYLE_SIZE

HIDDEN = 160
EMBED = 128
MIN_LOG_SIGMA = math.log(0.02)


class Drummer(nn.Module):
    def __init__(self, style_count):
        super().__init__()
        self.family = nn.Embedding(style_count, STYLE_SIZE)
        self.variant = nn.Embedding(style_count, STYLE_SIZE)
        nn.init.normal_(self.family.weight, std=0.5)
        nn.init.normal_(self.variant.weight, std=0.05)
        self.embed = nn.Linear(INPUT_SIZE + HEARD_SIZE, EMBED)
        self.recurrent = nn.GRU(EMBED, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN + EMBED, 9 + SPREAD_SIZE)
        self.dropout = nn.Dropout(0.25)

    def style_of(self, family, variant):
        """Embedding of a style: its family's, and the variant's difference from it."""
        return self.family(family) + self.variant(variant)

    def forward(self, inputs, heard, style, state=None):
        """inputs [B, T, 64], heard [B, T, 67], style [B, 6] -> hit logits [B, T, 9], spread [B, T, 108], state."""
        inputs = torch.cat([inputs[..., :STYLE], style[:, None].expand(-1, inputs.shape[1], -1)], -1)
        embedded = torch.relu(self.embed(torch.cat([inputs, heard], -1)))
        hidden, state = self.recurrent(self.dropout(embedded), state)
        out = self.head(torch.cat([self.dropout(hidden), embedded], -1))
        return out[..., :9], out[..., 9:], state


def mixtures(spread):
    """spread [..., 108] -> (log weights, means, log sigmas) each [..., 2 kinds, 9, MIXTURES]; velocity, then offset."""
    raw = spread.reshape(*spread.shape[:-1], 2, 9, 3, MIXTURES)
    weights = torch.log_softmax(raw[..., 0, :], -1)
    velocity_mean = torch.sigmoid(raw[..., 0, :, 1, :])
    offset_mean = 0.5 * torch.tanh(raw[..., 1, :, 1, :])
    means = torch.stack([velocity_mean, offset_mean], -3)
    return weights, means, raw[..., 2, :].clamp(MIN_LOG_SIGMA, 0.0)


def losses(logits, spread, velocity, offset, mask):
    """Mean over steps of the negative log-likelihoods (nats) of hits, and over hits of velocities and offsets."""
    hit = (velocity > 0).float()
    steps = mask.sum().clamp(min=1)
    hits = nn.functional.binary_cross_entropy_with_logits(logits, hit, reduction="none")
    hits = (hits.sum(-1) * mask).sum() / steps
    log_weights, means, log_sigmas = mixtures(spread)
    target = torch.stack([velocity, offset], -2)[..., None]
    log_density = log_weights - log_sigmas - 0.5 * ((target - means) / log_sigmas.exp()) ** 2
    nll = 0.5 * math.log(2 * math.pi) - torch.logsumexp(log_density, -1)
    weight = (hit * mask[..., None])[..., None, :]
    nll = (nll * weight).flatten(0, 1).sum((0, 2)) / weight.sum().clamp(min=1)
    return hits, nll[0], nll[1]
