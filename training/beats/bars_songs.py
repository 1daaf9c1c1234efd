"""Harmony cues of whole songs of POP909's training part, straight from their notes: what bars sound like without drums.

    python bars_songs.py OUT --pop909 DIR

The rows are those of src/dsp/rhythm/bar-cues.ts; the beat network's opinion and the bands are left at zero. Strengths of
parts and pitch classes are varied, and a floor is added, as no recording gives clean ones.
"""
import argparse
from pathlib import Path

import numpy as np

import data
import scores

CUES = 28
CHANGE_SPANS, RETURN_BEATS = (1, 2, 4), (2, 3, 4, 6, 8)


def range_weight(pitch, a, b, c, d):
    return max(0.0, min(1.0, (pitch - a) / (b - a), (d - pitch) / (d - c)))


def likeness(a, b):
    norm = np.sqrt((a * a).sum(1) * (b * b).sum(1))
    return np.where(norm > 0, (a * b).sum(1) / np.maximum(norm, 1e-12), 0)


def unit(vectors):
    norm = np.sqrt((vectors * vectors).sum(1, keepdims=True))
    return np.where(norm > 0, vectors / np.maximum(norm, 1e-12), vectors)


def sums(vectors, first, end):
    """Sum of the vectors k + first … k + end - 1 for each k."""
    total, count = np.vstack([np.zeros((1, 12)), np.cumsum(vectors, 0)]), len(vectors)
    k = np.arange(count)
    return total[np.clip(k + end, 0, count)] - total[np.clip(k + first, 0, count)]


def cues_of(chroma, bass):
    count = len(chroma)
    rows, row = np.zeros((CUES, count), np.float32), 3
    units = unit(chroma), unit(bass)
    for vectors in units:
        for span in CHANGE_SPANS:
            rows[row] = 1 - likeness(sums(vectors, 0, span), sums(vectors, -span, 0))
            row += 1
    for distance in RETURN_BEATS:
        if count > distance:
            rows[row, :-distance] = likeness(units[0][:-distance], units[0][distance:])
        row += 1
    for vectors in units:
        rows[row] = likeness(vectors, np.repeat(vectors.sum(0, keepdims=True), count, 0))
        row += 1
    for vectors in (chroma, bass):
        strength = vectors.sum(1)
        rows[row] = np.minimum(2, strength / (strength.mean() or 1)) - 1
        row += 1
    return rows


def harmony_of(song, rng):
    count = len(song.beat_times)
    chroma, bass = np.zeros((count, 12)), np.zeros((count, 12))
    parts, overtone = rng.uniform(0.3, 1.0, 3), rng.uniform(0, 0.3)
    for note in song.notes:
        start, end = max(0, note.start), min(count, max(note.end, note.start + 0.2))
        gain = parts[note.channel % 3] * (note.velocity / 100) ** 0.6
        middle, low = range_weight(note.pitch, 40, 52, 80, 96), range_weight(note.pitch, 24, 28, 46, 56)
        for k in range(int(start), min(count, int(np.ceil(end)))):
            held = gain * max(0, min(end, k + 1) - max(start, k))
            chroma[k, note.pitch % 12] += held * middle
            chroma[k, (note.pitch + 7) % 12] += overtone * held * middle
            bass[k, note.pitch % 12] += held * low
    chroma *= np.exp(rng.normal(0, 0.35, chroma.shape))
    bass *= np.exp(rng.normal(0, 0.35, bass.shape))
    return chroma + 0.48 * chroma.mean() * rng.random(chroma.shape), bass + 0.36 * bass.mean() * rng.random(bass.shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pop909", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    for song_id in data.pop909_ids("train"):
        song = scores.load_pop909(args.pop909, song_id)
        for variant in range(2):
            rows = np.vstack([cues_of(*harmony_of(song, rng)), song.is_downbeat.astype(np.float32)[None]])
            rows.astype(np.float32).tofile(args.out / f"{song.name}_s{variant}.l.f32")


if __name__ == "__main__":
    main()
