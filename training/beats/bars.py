"""Trains the bar network on cues of beats and writes its weights as source; seeded, one thread.

    python bars.py CUES SONGS OUT.ts --validation CUES [--steps N] [--seed N]

CUES is what bars-cues.mjs writes, SONGS what bars_songs.py writes. What is heard is varied: a cue or a group of them is
left out, all are blurred. The same folders, steps and seed give the same weights on one machine.
"""
import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

CUES, CHANNELS, DILATIONS = 28, 24, (1, 2, 4, 8, 16)
CROP, BATCH, RATE = 96, 32, 3e-3
SONG_SHARE, POP_WEIGHT = 0.35, 8.0
KIND_WEIGHTS = {"l": 1.0, "e": 1.0, "h": 0.25, "d": 0.15}


class BarNet(nn.Module):
    """Logits [batch, beats] of cues [batch, CUES, beats]."""

    def __init__(self):
        super().__init__()
        self.front = nn.Conv1d(CUES, CHANNELS, 1)
        self.spread = nn.ModuleList(nn.Conv1d(CHANNELS, CHANNELS, 3, padding=d, dilation=d) for d in DILATIONS)
        self.mix = nn.ModuleList(nn.Conv1d(CHANNELS, CHANNELS, 1) for _ in DILATIONS)
        self.head = nn.Conv1d(CHANNELS, 1, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, cues):
        x = functional.elu(self.front(cues))
        for spread, mix in zip(self.spread, self.mix):
            x = x + mix(self.drop(functional.elu(spread(x))))
        return self.head(functional.elu(x))[:, 0]


def load(folder):
    return [(p.name, np.fromfile(p, np.float32).reshape(CUES + 1, -1)) for p in sorted(Path(folder).glob("*.f32"))]


def sample(name, item, is_song, rng):
    cues, begins = item[:CUES].copy(), item[CUES]
    count = len(begins)
    if rng.random() < 0.3:
        cues[0] = 0
    if rng.random() < 0.3:
        cues[1:3] = 0
    if rng.random() < 0.2:
        cues[18:] = 0
    if rng.random() < 0.1:
        cues[3:18] = 0
    cues += rng.normal(0, 0.05, cues.shape)
    cues[0] *= np.exp(rng.normal(0, 0.2))
    if is_song:
        cues[:3], cues[18:] = 0, 0
    start = int(rng.integers(-8, max(1, count - CROP // 2)))
    low, high = max(0, start), min(count, start + CROP)
    out, mask = np.zeros((CUES + 1, CROP), np.float32), np.zeros(CROP, np.float32)
    out[:CUES, low - start:high - start], out[CUES, low - start:high - start] = cues[:, low:high], begins[low:high]
    mask[low - start:high - start] = 1
    return out[:CUES], out[CUES], mask


def validate(net, items):
    net.eval()
    with torch.no_grad():
        losses = [float(functional.binary_cross_entropy_with_logits(net(torch.tensor(x[None, :CUES])), torch.tensor(x[None, CUES])))
                  for _, x in items]
    net.train()
    return float(np.mean(losses))


def layer_text(layer):
    def numbers(tensor):
        return ", ".join(f"{x:.4f}".rstrip("0").rstrip(".") if abs(x) >= 5e-5 else "0" for x in tensor.detach().numpy().ravel())
    taps, dilation = layer.kernel_size[0], layer.dilation[0]
    return f"{{ taps: {taps}, dilation: {dilation}, weights: [{numbers(layer.weight)}], biases: [{numbers(layer.bias)}] }}"


def source_text(net):
    blocks = "".join(f"  {{ spread: {layer_text(s)}, mix: {layer_text(m)} }},\n" for s, m in zip(net.spread, net.mix))
    return f"""// Weights of the bar network. Written by training/beats/bars.py; do not edit.

/** A convolution over beats: weights [output][input][tap]. */
export interface ConvolutionLayer {{
  readonly taps: number;
  readonly dilation: number;
  readonly weights: readonly number[];
  readonly biases: readonly number[];
}}

// biome-ignore format: numbers
export const FRONT: ConvolutionLayer = {layer_text(net.front)};

// biome-ignore format: numbers
export const BLOCKS: readonly {{ readonly spread: ConvolutionLayer; readonly mix: ConvolutionLayer }}[] = [
{blocks}];

// biome-ignore format: numbers
export const HEAD: ConvolutionLayer = {layer_text(net.head)};
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cues", type=Path)
    parser.add_argument("songs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(args.seed)
    heard = [(n, x) for n, x in load(args.cues) if x[CUES].sum() >= 2]
    songs, held = load(args.songs), load(args.validation)
    items = heard + songs
    shares = np.array([(POP_WEIGHT if n.startswith("pop909") else 1.0) * KIND_WEIGHTS[n.split(".")[-2]] for n, _ in heard])
    shares = np.concatenate([(1 - SONG_SHARE) * shares / shares.sum(), np.full(len(songs), SONG_SHARE / max(1, len(songs)))])
    shares /= shares.sum()
    net, average = BarNet(), BarNet()
    average.load_state_dict(net.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.02)
    running = []
    for step in range(1, args.steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, step / 100) * (0.51 + 0.5 * np.cos(np.pi * step / args.steps))
        chosen = rng.choice(len(items), size=BATCH, p=shares)
        batch = [sample(*items[k], k >= len(heard), rng) for k in chosen]
        cues, begins, mask = (torch.tensor(np.stack(part)) for part in zip(*batch))
        losses = functional.binary_cross_entropy_with_logits(net(cues), begins, reduction="none")
        loss = (losses * mask).sum() / mask.sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            keep = min(0.995, (step - 1) / (step + 9))
            for a, b in zip(average.parameters(), net.parameters()):
                a.mul_(keep).add_(b, alpha=1 - keep)
        running.append(loss.item())
        if step % 500 == 0:
            print(f"{step} steps, loss {np.mean(running):.4f}, validation {validate(average, held):.4f}", flush=True)
            running = []
    args.out.write_text(source_text(average))


if __name__ == "__main__":
    main()
