"""python evaluate.py GRID.npz RUN_FOLDER OUT.json: the network on the held-out test split against two baselines.

Every model predicts each step from what was played before it (teacher forcing). `neutral` sets all controls to
their middle, so that nothing of the bar is given away; `controlled` gives the measured controls, as a user would set
them. Pattern: hit frequency of the style at each place of the bar. Neighbour: the bar that followed the training bar
most like the one just played. Velocity and offset errors are against the recorded hits; quantised plays the grid and
each piece's mean velocity, jitter draws from normal distributions of the training split's spread.
"""
import json
import sys

import numpy as np
import torch

from features import load
from layout import COMPLEXITY, DYNAMICS, PIECE_COMPLEXITY
from model import Drummer, mixtures


def network(performances, run, neutral):
    saved = torch.load(run + "/best.pt", weights_only=False)
    model = Drummer(len(saved["styles"]))
    model.load_state_dict(saved["model"])
    model.eval()
    for performance in performances:
        inputs = performance.inputs()
        if neutral:
            inputs[:, [COMPLEXITY, DYNAMICS, *range(PIECE_COMPLEXITY, PIECE_COMPLEXITY + 5)]] = 0.5
        style = model.style_of(torch.tensor([performance.family]), torch.tensor([performance.variant]))
        with torch.no_grad():
            logits, spread, _ = model(torch.from_numpy(inputs)[None], torch.from_numpy(performance.heard())[None], style)
            weights, means, _ = mixtures(spread)
        expected = (weights.exp() * means).sum(-1)[0].numpy()
        yield torch.sigmoid(logits)[0].numpy(), expected[:, 0], expected[:, 1]


def cells(train):
    """Hit frequency, mean velocity and mean offset by (family, bar length, step); smoothed towards the family-free."""
    sums = {}
    for performance in train:
        hit = performance.velocity > 0
        places = np.arange(performance.length) % performance.bar_steps
        for place in range(performance.bar_steps):
            at = places == place
            row = np.stack([np.full(9, at.sum()), hit[at].sum(0), performance.velocity[at].sum(0),
                            performance.offset[at].sum(0)])
            for key in ((performance.family, performance.bar_steps, place), (None, performance.bar_steps, place)):
                sums[key] = sums.get(key, 0) + row
    def at(family, bar_steps, place):
        pooled = sums.get((None, bar_steps, place), np.zeros((4, 9)))
        prior = (pooled[1] + 0.5) / (pooled[0] + 1)
        own = sums.get((family, bar_steps, place), np.zeros((4, 9)))
        chance = (own[1] + 8 * prior) / (own[0] + 8)
        both = own + 0.05 * pooled
        return chance, both[2] / np.maximum(both[1], 1e-6), both[3] / np.maximum(both[1], 1e-6)
    return at


def pattern(performances, train):
    at = cells(train)
    for performance in performances:
        rows = [at(performance.family, performance.bar_steps, place) for place in range(performance.bar_steps)]
        bars = performance.length // performance.bar_steps
        yield tuple(np.tile(np.stack([row[k] for row in rows]), (bars, 1)) for k in range(3))


def neighbour(performances, train):
    """The following bar of the nearest training bar; certainty is what it earns on training bars."""
    banks = {}
    for performance in train:
        bars = performance.velocity.reshape(-1, performance.bar_steps, 9)
        offsets = performance.offset.reshape(-1, performance.bar_steps, 9)
        bank = banks.setdefault(performance.bar_steps, ([], [], []))
        for bar in range(len(bars) - 1):
            bank[0].append((bars[bar] > 0).ravel())
            bank[1].append(bars[bar + 1])
            bank[2].append(offsets[bar + 1])
    first = list(pattern(performances, train))
    for performance, start in zip(performances, first):
        chance, velocity, offset = (part.copy() for part in start)
        bank = banks.get(performance.bar_steps)
        if bank is not None:
            before = np.array(bank[0], dtype=np.float32)
            weight = before.sum(1)
            bars = performance.velocity.reshape(-1, performance.bar_steps, 9)
            for bar in range(1, len(bars)):
                query = (bars[bar - 1] > 0).ravel().astype(np.float32)
                nearest = np.argmin(weight + query.sum() - 2 * before @ query)
                part = slice(bar * performance.bar_steps, (bar + 1) * performance.bar_steps)
                found = bank[1][nearest]
                chance[part] = np.where(found > 0, 0.72, 0.035)
                velocity[part] = np.where(found > 0, found, velocity[part])
                offset[part] = np.where(found > 0, bank[2][nearest], offset[part])
        yield chance, velocity, offset


def score(performances, predictions, threshold=None):
    nll, steps, velocity_error, offset_error, hits = 0.0, 0, 0.0, 0.0, 0
    chances, truths = [], []
    for performance, (chance, velocity, offset) in zip(performances, predictions):
        hit = performance.velocity > 0
        clipped = np.clip(chance, 1e-4, 1 - 1e-4)
        nll -= (np.log(np.where(hit, clipped, 1 - clipped))).sum()
        steps += performance.length
        step_ms = 60000 / performance.meta["bpm"] / (3 if performance.meta["triplet"] else 4)
        velocity_error += np.abs(performance.velocity - velocity)[hit].sum() * 127
        offset_error += np.abs(performance.offset - offset)[hit].sum() * step_ms
        hits += hit.sum()
        chances.append(chance.ravel())
        truths.append(hit.ravel())
    chances, truths = np.concatenate(chances), np.concatenate(truths)
    def f1(limit):
        predicted = chances > limit
        return 2 * (predicted & truths).sum() / (predicted.sum() + truths.sum())
    if threshold is None:
        threshold = max(np.arange(0.1, 0.9, 0.02), key=f1)
    return dict(nllNatsPerStep=nll / steps, f1=f1(threshold), velocityErrorOf127=velocity_error / hits,
                offsetErrorMs=offset_error / hits), threshold


def spread_baselines(performances, train):
    """Quantised and random jitter: errors of velocity and offset."""
    rng = np.random.default_rng(3)
    pool = [np.concatenate([p.velocity[:, k][p.velocity[:, k] > 0] for p in train]) for k in range(9)]
    means, deviations = [part.mean() for part in pool], [part.std() for part in pool]
    def step_ms(p):
        return 60000 / p.meta["bpm"] / (3 if p.meta["triplet"] else 4)
    offsets_ms = np.concatenate([p.offset[p.velocity > 0] * step_ms(p) for p in train])
    sums = np.zeros(4)
    hits = 0
    for p in performances:
        for k in range(9):
            hit = p.velocity[:, k] > 0
            true_velocity, true_ms = p.velocity[hit, k], p.offset[hit, k] * step_ms(p)
            drawn = np.clip(rng.normal(means[k], deviations[k], hit.sum()), 0, 1)
            sums += [np.abs(true_velocity - means[k]).sum() * 127, np.abs(true_ms).sum(),
                     np.abs(true_velocity - drawn).sum() * 127,
                     np.abs(true_ms - rng.normal(offsets_ms.mean(), offsets_ms.std(), hit.sum())).sum()]
            hits += hit.sum()
    sums /= hits
    return dict(quantised=dict(velocityErrorOf127=sums[0], offsetErrorMs=sums[1]),
                jitter=dict(velocityErrorOf127=sums[2], offsetErrorMs=sums[3]))


def main(grid, run, out):
    torch.set_num_threads(1)
    performances, _ = load(grid)
    split = {name: [p for p in performances if p.split == name] for name in ("train", "validation", "test")}
    results = {}
    makers = {
        "controlled": lambda part: network(part, run, False),
        "neutral": lambda part: network(part, run, True),
        "pattern": lambda part: pattern(part, split["train"]),
        "neighbour": lambda part: neighbour(part, split["train"]),
    }
    for name, make in makers.items():
        _, threshold = score(split["validation"], make(split["validation"]))
        results[name], _ = score(split["test"], make(split["test"]), threshold)
    results |= spread_baselines(split["test"], split["train"])
    rounded = {name: {key: round(float(value), 3) for key, value in row.items()} for name, row in results.items()}
    json.dump(rounded, open(out, "w"), indent=1)
    for name, row in rounded.items():
        print(f"{name:10s}", row)


if __name__ == "__main__":
    main(*sys.argv[1:4])
