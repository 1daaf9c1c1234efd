"""python train.py GRID.npz OUT_FOLDER [--minutes 25]: trains on the training split, stops on the validation split.

Seeded; checkpoint.pt (last, resumable) and best.pt; curve.csv holds the losses of every epoch. Memory inputs are
dropped and flipped at random, so that the network does not lean on a past that was never wrong in training.
"""
import argparse
import csv
import time
from pathlib import Path

import numpy as np
import torch

from features import load
from layout import COMPLEXITY, DYNAMICS, MEMORY_BARS, PIECE_COMPLEXITY
from model import Drummer, losses

LENGTH, BATCH, BATCHES = 128, 48, 60


def batch_of(performances, weights, rng):
    picks = rng.choice(len(performances), BATCH, p=weights)
    shape = (BATCH, LENGTH)
    inputs, heard = np.zeros((*shape, 64), np.float32), np.zeros((*shape, 67), np.float32)
    velocity, offset = np.zeros((*shape, 9), np.float32), np.zeros((*shape, 9), np.float32)
    mask = np.zeros(shape, np.float32)
    for row, pick in enumerate(picks):
        performance = performances[pick]
        bars = max(1, (performance.length - LENGTH) // performance.bar_steps + 1)
        start = rng.integers(bars) * performance.bar_steps
        end = min(start + LENGTH, performance.length)
        size = end - start
        inputs[row, :size] = performance.cached[0][start:end]
        heard[row, :size] = performance.cached[1][start:end]
        velocity[row, :size], offset[row, :size] = performance.velocity[start:end], performance.offset[start:end]
        mask[row, :size] = 1
    spoil(inputs, heard, rng)
    family = torch.tensor([performances[pick].family for pick in picks])
    variant = torch.tensor([performances[pick].variant for pick in picks])
    variant = torch.where(torch.rand(BATCH) < 0.25, family, variant)
    return [torch.from_numpy(part) for part in (inputs, heard, velocity, offset, mask)], family, variant


def spoil(inputs, heard, rng):
    neutral = rng.random(len(inputs)) < 0.25
    columns = [COMPLEXITY, DYNAMICS, *range(PIECE_COMPLEXITY, PIECE_COMPLEXITY + 5)]
    for column in columns:
        inputs[neutral, :, column] = 0.5
    lags = len(MEMORY_BARS)
    for index in range(lags):
        forgotten = rng.random(len(heard)) < 0.2
        heard[forgotten, :, 27 + 9 * index : 36 + 9 * index] = 0
        heard[forgotten, :, 27 + 9 * lags + index] = 0
    flip = rng.random((*heard.shape[:2], 9 * lags)) < 0.04
    past = heard[:, :, 27 : 27 + 9 * lags]
    past[flip] = np.where(past[flip] > 0, 0, 0.5)
    missed = rng.random((*heard.shape[:2], 9)) < 0.04
    for block in range(3):
        heard[:, :, 9 * block : 9 * block + 9][missed] = 0


def evaluate(model, performances):
    """Mean losses over whole performances, cut at 1,024 steps: hits a step, velocity and offset a hit."""
    model.eval()
    sums, steps, hits = np.zeros(3), 0, 0
    with torch.no_grad():
        for performance in performances:
            end = min(performance.length, 1024)
            inputs, heard = (torch.from_numpy(part[None, :end]) for part in performance.cached)
            style = model.style_of(torch.tensor([performance.family]), torch.tensor([performance.variant]))
            logits, spread, _ = model(inputs, heard, style)
            velocity = torch.from_numpy(performance.velocity[None, :end])
            offset = torch.from_numpy(performance.offset[None, :end])
            parts = losses(logits, spread, velocity, offset, torch.ones(1, end))
            count = int((velocity > 0).sum())
            sums += [parts[0].item() * end, parts[1].item() * count, parts[2].item() * count]
            steps, hits = steps + end, hits + count
    model.train()
    return sums / [steps, hits, hits]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("grid")
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--epochs", type=int, default=80)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(7)
    performances, styles = load(options.grid)
    for performance in performances:
        performance.cached = (performance.inputs(), performance.heard())
    train = [performance for performance in performances if performance.split == "train"]
    validation = [performance for performance in performances if performance.split == "validation"]
    sizes = {}
    for performance in train:
        sizes[performance.family] = sizes.get(performance.family, 0) + performance.length
    weights = np.array([performance.length**0.8 / sizes[performance.family] ** 0.4 for performance in train])
    weights /= weights.sum()

    model = Drummer(len(styles))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    epoch, best = 0, float("inf")
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=False)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        epoch, best = saved["epoch"], saved["best"]
    started = time.monotonic()
    while epoch < options.epochs and time.monotonic() - started < options.minutes * 60:
        for group in optimizer.param_groups:
            group["lr"] = 1e-4 + 2.9e-3 * 0.5 * (1 + np.cos(np.pi * epoch / options.epochs))
        rng = np.random.default_rng([7, epoch])
        torch.manual_seed(1000 + epoch)
        sums = np.zeros(3)
        for _ in range(BATCHES):
            (inputs, heard, velocity, offset, mask), family, variant = batch_of(train, weights, rng)
            parts = losses(*model(inputs, heard, model.style_of(family, variant))[:2], velocity, offset, mask)
            loss = parts[0] + 0.5 * parts[1] + 0.5 * parts[2] + 1e-3 * model.variant.weight.square().sum()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            sums += [part.item() for part in parts]
        epoch += 1
        held_out = evaluate(model, validation)
        score = held_out[0] + 0.5 * held_out[1] + 0.5 * held_out[2]
        with open(options.out / "curve.csv", "a", newline="") as file:
            writer = csv.writer(file)
            if epoch == 1:
                writer.writerow("epoch train_hits train_velocity train_offset val_hits val_velocity val_offset".split())
            writer.writerow([epoch, *(f"{value:.4f}" for value in (*sums / BATCHES, *held_out))])
        print(epoch, sums / BATCHES, held_out, f"{time.monotonic() - started:.0f} s", flush=True)
        if score < best:
            best = score
            torch.save({"model": model.state_dict(), "styles": styles, "epoch": epoch}, options.out / "best.pt")
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch, "best": best},
                   checkpoint)


if __name__ == "__main__":
    main()
