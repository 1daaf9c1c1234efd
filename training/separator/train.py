#!/usr/bin/env python3
"""Trains the mask network of forge's own separator: four masks of a cell from its cues, three small dense layers.

  python train.py --data DIR --out DIR [--epochs 14] [--seed 1] [--start CHECKPOINT]

The loss is the mean over stems of the log of the error's energy over the stem's (what SI-SDR measures), on cells drawn
with a chance that rises with their level. Resumes from OUT/checkpoint.pt. Needs torch; minutes on two cores.
"""
import argparse, glob, json, os
import numpy as np
import torch
from features import FEATURES, cues, features, stft

STEMS = ("drums", "bass", "other", "vocals")
CELLS = 50000
STEP_CELLS = 16000


class MaskNetwork(torch.nn.Module):
    def __init__(self, hidden=(24, 16)):
        super().__init__()
        sizes = (FEATURES, *hidden, len(STEMS))
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return torch.softmax(self.layers[-1](x), -1)


def song_cells(audio, generator):
    """Drawn cells of a song: features, |X|², Re(X*·S) by stem, weights; and each stem's energy."""
    spectra = torch.stack([stft(stem) for stem in audio])
    mix = spectra.sum(0)
    x = features(cues(mix))
    power = (mix.abs() ** 2).sum(0)
    product = (mix.conj()[None] * spectra).real.sum(1)
    energy = (spectra.abs() ** 2).sum((1, 2, 3))
    chance = power.flatten().sqrt() + 1e-6 * power.max().sqrt()
    chance = chance / chance.sum()
    drawn = torch.multinomial(chance, CELLS, replacement=True, generator=generator)
    # In float64, for a stem may be far below the mix.
    weight = 1 / (chance[drawn] * CELLS)
    return dict(x=x.reshape(-1, FEATURES)[drawn], v=power.flatten()[drawn], c=product.reshape(4, -1)[:, drawn], w=weight, e=energy)


def loss_of(model, cell):
    mask = model(cell["x"]).T
    error = ((mask ** 2 * cell["v"] - 2 * mask * cell["c"]) * cell["w"]).sum(1) + cell["e"]
    total = cell["e"].sum()
    heard = cell["e"] > 1e-4 * total
    # A silent stem should stay silent: its error counts against the mix.
    ratio = torch.where(heard, error.clamp(min=1e-9 * total) / cell["e"].clamp(min=1e-12), 0.1 + error / total)
    return torch.log10(ratio.clamp(min=1e-3)).mean()


def draw(cell, generator):
    """A part of a song's cells, for one step."""
    i = torch.randint(0, CELLS, (STEP_CELLS,), generator=generator)
    scale = CELLS / STEP_CELLS
    return dict(x=cell["x"][i], v=cell["v"][i], c=cell["c"][:, i], w=cell["w"][i] * scale, e=cell["e"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--start", help="checkpoint whose weights to begin with")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)
    generator = torch.Generator().manual_seed(args.seed)
    cells = []
    for path in sorted(glob.glob(f"{args.data}/*.npy")):
        kept = path.replace(".npy", ".cells.pt")
        if not os.path.exists(kept):
            torch.save(song_cells(np.load(path).astype(np.float32), generator), kept)
        cells.append(torch.load(kept))
    held = cells[::10]
    used = [cell for k, cell in enumerate(cells) if k % 10 != 0]
    model = MaskNetwork()
    if args.start:
        model.load_state_dict(torch.load(args.start)["model"])
    optimiser = torch.optim.Adam(model.parameters(), 2.5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, args.epochs * len(used))
    first = 0
    checkpoint = f"{args.out}/checkpoint.pt"
    if os.path.exists(checkpoint):
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"]); optimiser.load_state_dict(state["optimiser"]); schedule.load_state_dict(state["schedule"])
        first = state["epoch"] + 1
    for epoch in range(first, args.epochs):
        mean = 0.0
        for k in torch.randperm(len(used), generator=generator).tolist():
            optimiser.zero_grad()
            loss = loss_of(model, draw(used[k], generator))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            mean += loss.item() / len(used)
        with torch.no_grad():
            check = sum(loss_of(model, cell).item() for cell in held) / len(held)
        print(f"epoch {epoch} train {mean:.4f} held {check:.4f}", flush=True)
        torch.save(dict(model=model.state_dict(), optimiser=optimiser.state_dict(), schedule=schedule.state_dict(), epoch=epoch), checkpoint)
    layers = [dict(weights=[[round(v, 5) for v in row] for row in layer.weight.tolist()], biases=[round(v, 5) for v in layer.bias.tolist()]) for layer in model.layers]
    json.dump(dict(stems=STEMS, layers=layers), open(f"{args.out}/mask-network.json", "w"))


if __name__ == "__main__":
    main()
