"""python phrases.py GRID.npz PHRASES.json OUT.json: generated eight-bar phrases against the held-out test split.

Ten features a phrase; the overlapping area (OA) of their distances, as in Yang and Lerch (Neural Computing and
Applications, 2020), for generated, for training phrases and for two controls: `jitter` (test patterns with all hits
quantised, one velocity per piece, and random jitter on both) and `copy` (one training phrase per style, repeated).
Kullback-Leibler divergences of offsets and velocities, grooving similarity (Wu and Yang, ISMIR 2020), runs of steps
that a training performance holds too, and a classifier of styles that has seen real training phrases only.
"""
import json
import sys

import numpy as np
from scipy.stats import gaussian_kde
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from features import load

BARS = 8
FEATURES = ["density", "kickDensity", "snareDensity", "cymbalDensity", "syncopation", "polyphony", "meanVelocity",
            "velocityDeviation", "meanOffsetMs", "offsetDeviationMs"]
RUNS = [16, 32, 64, 128]


class Phrase:
    def __init__(self, style, velocity, offset_ms, bar_steps, triplet):
        self.style, self.velocity, self.offset_ms = style, velocity, offset_ms
        self.bar_steps, self.triplet = bar_steps, triplet
        self.hit = velocity > 0

    def features(self):
        per_beat = 3 if self.triplet else 4
        beats = len(self.hit) / per_beat
        places = np.arange(len(self.hit)) % per_beat
        weak = np.where(places == 0, 0, np.where(places % 2 == 1, 2, 1))
        sounding = self.hit.any(1).sum()
        velocities, offsets = self.velocity[self.hit], self.offset_ms[self.hit]
        return [self.hit.sum() / beats, self.hit[:, 0].sum() / beats, self.hit[:, 1].sum() / beats,
                self.hit[:, [2, 3, 7, 8]].sum() / beats, (self.hit[:, :2].any(1) * weak).sum() / beats,
                self.hit.sum() / max(1, sounding), velocities.mean(), velocities.std(), offsets.mean(), offsets.std()]

    def groove(self):
        """Mean agreement of all pairs of bars about which steps sound."""
        bars = self.hit.any(2 if self.hit.ndim == 3 else 1).reshape(-1, self.bar_steps)
        pairs = [(bars[i] == bars[j]).mean() for i in range(len(bars)) for j in range(i)]
        return float(np.mean(pairs))

    def histogram(self):
        """Where in the bar each piece sounds, on 48 places, with the phrase's velocities: for the classifier."""
        bars = self.hit.reshape(-1, self.bar_steps, 9).mean(0)
        loud = self.velocity.reshape(-1, self.bar_steps, 9).mean(0)
        grid = np.zeros((48, 18))
        places = (np.arange(self.bar_steps) * 48 // self.bar_steps)
        grid[places, :9], grid[places, 9:] = bars, loud
        return np.concatenate([grid.reshape(12, 4, 18).sum(1).ravel(), grid[::3].ravel(), [self.triplet]])

    def code(self):
        return (self.hit * (1 << np.arange(9))).sum(1)


def real_phrases(performances):
    phrases = []
    for performance in performances:
        if performance.meta["fill"] or performance.meta["meter"] != [4, 4]:
            continue
        step_ms = 60000 / performance.meta["bpm"] / (3 if performance.meta["triplet"] else 4)
        odd = (np.arange(performance.length) % 2 == 1)[:, None]
        offset_ms = (performance.offset + odd * performance.meta["swing"]) * step_ms
        size = BARS * performance.bar_steps
        for start in range(0, performance.length - size + 1, size):
            velocity = performance.velocity[start : start + size]
            if (velocity > 0).sum() < 24:
                continue
            phrases.append(Phrase(performance.meta["style"].split("/")[0], velocity, offset_ms[start : start + size],
                                  performance.bar_steps, performance.meta["triplet"]))
    return phrases


def generated_phrases(path):
    phrases = []
    for item in json.load(open(path)):
        velocity, offset = np.zeros((item["steps"], 9)), np.zeros((item["steps"], 9))
        for step, piece, strength, offset_ms in item["hits"]:
            velocity[step, piece], offset[step, piece] = strength / 127, offset_ms
        phrases.append(Phrase(item["style"], velocity, offset, item["barSteps"], item["triplet"]))
    return phrases


def jitter_phrases(test, rng):
    """The requirement's own humanising on a quantised pattern: uniform ±15 ms and ±15 around a velocity per piece."""
    means = [np.mean([p.velocity[:, k][p.hit[:, k]].mean() for p in test if p.hit[:, k].any()]) for k in range(9)]
    for p in test:
        velocity = np.clip(np.array(means) + rng.uniform(-15, 15, p.hit.shape) / 127, 0.01, 1) * p.hit
        yield Phrase(p.style, velocity, rng.uniform(-15, 15, p.hit.shape) * p.hit, p.bar_steps, p.triplet)


def quantised_phrases(test):
    for p, jittered in zip(test, jitter_phrases(test, np.random.default_rng(0))):
        mean = jittered.velocity[jittered.hit].mean()
        yield Phrase(p.style, p.hit * mean, p.hit * 0.0, p.bar_steps, p.triplet)


def copy_phrases(train, test):
    """For every test phrase the first training phrase of its style."""
    first = {}
    for p in train:
        first.setdefault(p.style, p)
    return [first[p.style] for p in test if p.style in first]


def overlap(reference, other):
    """OA between the densities of distances within `reference` and from `other` to `reference`."""
    if np.std(other) < 1e-9:
        other = other + np.random.default_rng(0).normal(0, 1e-3 * (np.std(reference) + 1e-9), len(other))
    within = np.abs(reference[:, None] - reference[None])[np.triu_indices(len(reference), 1)]
    between = np.abs(reference[:, None] - other[None]).ravel()
    rng = np.random.default_rng(1)
    within, between = (part[rng.permutation(len(part))[:4000]] for part in (within, between))
    grid = np.linspace(0, max(np.quantile(within, 0.995), np.quantile(between, 0.995)), 300)
    densities = [gaussian_kde(np.concatenate([part, -part]))(grid) for part in (within, between)]
    densities = [density / density.sum() for density in densities]
    return float(np.minimum(*densities).sum())


def divergence(reference, other, low, high):
    edges = np.linspace(low, high, 41)
    p, q = (np.histogram(np.clip(values, low, high), edges)[0] + 0.5 for values in (reference, other))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def hit_values(phrases):
    return (np.concatenate([p.offset_ms[p.hit] for p in phrases]),
            np.concatenate([p.velocity[p.hit] for p in phrases]) * 127)


def known_runs(train_performances):
    known = {}
    for performance in train_performances:
        code = ((performance.velocity > 0) * (1 << np.arange(9))).sum(1).astype(np.int16)
        for size in RUNS:
            bucket = known.setdefault((size, performance.meta["triplet"]), set())
            for start in range(0, len(code) - size + 1):
                bucket.add(code[start : start + size].tobytes())
    return known


def run_shares(phrases, known):
    """Share of all runs of each length that a training performance holds, silent runs left out."""
    shares = {}
    for size in RUNS:
        found = total = 0
        for p in phrases:
            code = p.code().astype(np.int16)
            for start in range(0, len(code) - size + 1):
                part = code[start : start + size]
                if not part.any():
                    continue
                total += 1
                found += part.tobytes() in known.get((size, p.triplet), ())
        shares[size] = round(found / max(1, total), 4)
    return shares


def classify(train, phrases, styles):
    chosen = [p for p in train if p.style in styles]
    scaler = StandardScaler().fit([p.histogram() for p in chosen])
    model = LogisticRegression(C=0.02, max_iter=2000, class_weight="balanced")
    model.fit(scaler.transform([p.histogram() for p in chosen]), [p.style for p in chosen])
    result = {}
    for name, group in phrases.items():
        part = [p for p in group if p.style in styles]
        right = model.predict(scaler.transform([p.histogram() for p in part])) == [p.style for p in part]
        of = np.array([p.style for p in part])
        result[name] = {"mean": round(float(np.mean([right[of == s].mean() for s in set(of)])), 3)} | {
            s: round(float(right[of == s].mean()), 3) for s in styles if (of == s).any()}
    return result


def main(grid, generated_path, out):
    performances, _ = load(grid)
    split = {name: [p for p in performances if p.split == name] for name in ("train", "test")}
    train, test = real_phrases(split["train"]), real_phrases(split["test"])
    generated = generated_phrases(generated_path)
    rng = np.random.default_rng(5)
    # Training phrases in the styles' proportions of the test split, so that only the playing differs.
    by_style = {}
    for p in train:
        by_style.setdefault(p.style, []).append(p)
    matched = [by_style[p.style][rng.integers(len(by_style[p.style]))] for p in test for _ in range(3) if p.style in by_style]
    sets = {"generated": generated, "train": matched, "jitter": list(jitter_phrases(test, rng)),
            "quantised": list(quantised_phrases(test)), "copy": copy_phrases(train, test)}
    reference = np.array([p.features() for p in test])
    results = {"phrases": {"test": len(test)} | {name: len(group) for name, group in sets.items()}, "oa": {}}
    for k, feature in enumerate(FEATURES):
        results["oa"][feature] = {
            name: round(overlap(reference[:, k], np.array([p.features()[k] for p in group])), 3)
            for name, group in sets.items()}
    offsets, velocities = hit_values(test)
    results["klOffset"], results["klVelocity"] = {}, {}
    for name, group in sets.items():
        own_offsets, own_velocities = hit_values(group)
        results["klOffset"][name] = round(divergence(offsets, own_offsets, -60, 60), 4)
        results["klVelocity"][name] = round(divergence(velocities, own_velocities, 0, 127), 4)
    grooves = np.array([p.groove() for p in test])
    results["groove"] = {"test10": round(float(np.quantile(grooves, 0.1)), 3),
                         "test90": round(float(np.quantile(grooves, 0.9)), 3)} | {
        name: round(float(np.mean([p.groove() for p in group])), 3) for name, group in sets.items()}
    known = known_runs(split["train"])
    results["knownRuns"] = {"test": run_shares(test, known), "generated": run_shares(generated, known)}
    styles = ["rock", "funk", "latin", "hiphop", "jazz", "afrobeat", "neworleans", "soul"]
    results["classifier"] = classify(train, {"test": test, "generated": generated}, styles)
    json.dump(results, open(out, "w"), indent=1)
    better = sum(row["generated"] >= row["train"] - 0.10 for row in results["oa"].values())
    print(f"OA within 0.10 of train-test: {better} of {len(FEATURES)}")
    for feature, row in results["oa"].items():
        print(f"  {feature:18s}", row)
    for key in ("phrases", "klOffset", "klVelocity", "groove", "knownRuns", "classifier"):
        print(key, results[key])


if __name__ == "__main__":
    main(*sys.argv[1:4])
