"""Trains the beat network on features made by features.mjs; seeded, one thread, with checkpoints.

    python train.py FEATURES CHECKPOINT.pt --validation FEATURES [--minutes M]

Folders may still be filling: they are read again now and then. What is heard is varied further on the features:
tilt and curve of the spectrum, missing lows or highs, a noise floor, time stretching.
"""
import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from model import BANDS, BeatNet, prepare

CROP = 2048  # frames of 10 ms


def load_item(path):
    bands = np.fromfile(path, dtype=np.uint8).reshape(-1, BANDS)
    labels = json.loads(path.with_suffix(".json").read_text())
    return bands, {k: np.array(labels[k]) for k in ("beatsSec", "downbeatsSec", "onsetsSec")} | {"meter": labels["meter"]}


def shares_of(items):
    """Names and how often each is drawn: odd meters less, as in music."""
    weights = np.array([{4: 1.0, 3: 0.7}.get(labels["meter"], 0.3) for _, labels in items.values()])
    return list(items), weights / weights.sum()


def load_folder(folder, known):
    for path in sorted(Path(folder).glob("*.bands")):
        if path.name not in known and path.stat().st_size > BANDS * 600:
            known[path.name] = load_item(path)
    return known


def reference_of(bands):
    """The level that the frames' loudest bands pass in one frame of twenty."""
    return float(np.percentile(bands.max(axis=1), 95))


def mark(times, rate, offset, length, width):
    """Targets: 1 at the nearest frame, a half on each side (`width` 1) and a fifth beyond (`width` 2)."""
    out = np.zeros(length, dtype=np.float32)
    centre = np.round((times - offset) * rate).astype(int)
    for distance, value in ((2, 0.2), (1, 0.5), (0, 1.0)):
        if distance > width:
            continue
        for shifted in (centre - distance, centre + distance):
            inside = shifted[(shifted >= 0) & (shifted < length)]
            out[inside] = np.maximum(out[inside], value)
    return out


def targets_of(labels, offset, frames):
    half = frames // 2
    # Frame t of the network lies between the feature frames 2t and 2t+1.
    centre = offset + 0.005
    onset = mark(labels["onsetsSec"], 100, offset, frames, 1).reshape(half, 2)
    return np.stack([mark(labels["beatsSec"], 50, centre, half, 2), mark(labels["downbeatsSec"], 50, centre, half, 2), onset[:, 0], onset[:, 1]])


def vary(bands, rng):
    """Decibel bytes with another spectrum, floor or ends."""
    out = bands.astype(np.float32)
    if rng.random() < 0.7:
        x = np.linspace(-1, 1, BANDS)
        curve = rng.normal(0, 6) * x + rng.normal(0, 5) * np.cos(np.pi * rng.integers(1, 4) * (x + 1) / 2 + rng.uniform(0, 6.28))
        out = np.where(out > 0, out + 2 * curve.astype(np.float32), out)
    if rng.random() < 0.12:
        out[:, int(rng.integers(22, 38)):] = 0
    if rng.random() < 0.12:
        out[:, : int(rng.integers(1, 9))] = 0
    if rng.random() < 0.3:
        floor = reference_of(out) - 2 * rng.uniform(25, 55)
        noise = floor + rng.normal(0, 4, out.shape).astype(np.float32)
        out = np.maximum(out, noise)
    return np.maximum(out, 0)


def sample(items, names, shares, rng):
    bands, labels = items[names[rng.choice(len(names), p=shares)]]
    factor = float(np.exp(rng.uniform(-0.16, 0.16))) if rng.random() < 0.6 else 1.0
    span = int(CROP * factor)
    start = int(rng.integers(-200, max(1, len(bands) - span // 2)))
    index = np.round(start + np.arange(CROP) * factor).astype(int)
    inside = (index >= 0) & (index < len(bands))
    out = np.zeros((CROP, BANDS), dtype=np.float32)
    out[inside] = vary(bands[index[inside]], rng)
    scaled = {k: (v - start / 100) / factor for k, v in labels.items() if k != "meter"}
    if rng.random() < 0.1:  # a stop in the music
        at = int(rng.integers(0, CROP - 200))
        out[at:at + int(rng.integers(20, 150))] = 0
    reference = reference_of(out[inside]) + float(rng.normal(0, 4))
    return out.T, reference, targets_of(scaled, 0.0, CROP)


WEIGHTS = torch.tensor([1.0, 1.0, 0.4, 0.4]).view(1, 4, 1)


def loss_of(logits, targets):
    positive = torch.tensor([2.0, 4.0, 1.0, 1.0]).view(1, 4, 1)
    return (torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=positive, reduction="none") * WEIGHTS).mean()


def validate(net, items):
    net.eval()
    losses = []
    with torch.no_grad():
        for bands, labels in items.values():
            frames = min(len(bands), 6000) // 2 * 2
            levels = prepare(torch.tensor(bands[:frames].T[None].astype(np.float32)), reference_of(bands))
            losses.append(float(loss_of(net(levels), torch.tensor(targets_of(labels, 0.0, frames)[None]))))
    net.train()
    return float(np.mean(losses))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--resume", type=Path, help="checkpoint to go on from")
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    net = BeatNet()
    if args.resume:
        net.load_state_dict(torch.load(args.resume)["raw"])
    average = BeatNet()
    average.load_state_dict(net.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=0.01)
    items, held = load_folder(args.features, {}), load_folder(args.validation, {})
    names, shares = shares_of(items)
    started, step, running = time.time(), 0, []
    print(sum(p.numel() for p in net.parameters()), "parameters", flush=True)
    while (passed := (time.time() - started) / 60 / args.minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1.0, step / 100) * (0.5 + 0.5 * np.cos(np.pi * passed) + 0.01)
        batch = [sample(items, names, shares, rng) for _ in range(args.batch)]
        levels = torch.stack([prepare(torch.tensor(b), r) for b, r, _ in batch])
        loss = loss_of(net(levels), torch.tensor(np.stack([t for _, _, t in batch])))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            keep = min(0.998, step / (step + 10))
            for a, b in zip(average.parameters(), net.parameters()):
                a.mul_(keep).add_(b, alpha=1 - keep)
        running.append(float(loss.detach()))
        step += 1
        if step % 250 == 0:
            items = load_folder(args.features, items)
            names, shares = shares_of(items)
            torch.save({"net": average.state_dict(), "raw": net.state_dict(), "step": step}, args.checkpoint)
            print(f"{step} steps, {(time.time() - started) / 60:.1f} min, {len(items)} items, loss {np.mean(running):.4f}, validation {validate(average, held):.4f}", flush=True)
            running = []
    torch.save({"net": average.state_dict(), "raw": net.state_dict(), "step": step}, args.checkpoint)


if __name__ == "__main__":
    main()
