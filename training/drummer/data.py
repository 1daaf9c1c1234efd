"""Groove MIDI Dataset -> step grids: python data.py GROOVE_FOLDER OUT.npz

Each performance becomes a grid of sixteenths (or of eighth triplets where those fit its onsets better): for every
step and piece a hit, a velocity (0-1) and an offset in steps (-0.5 to 0.5, the performance's mean swing taken out).
Controls (complexity, dynamics, per piece) are percentiles among the training performances of the same style, over
five bars around each bar. The data set's own split is kept. Fill flags: the clips recorded as fills, and half bars
of longer takes that look like one. Two hits of one piece in one step: the louder stays (counted in the output).
"""
import csv, json, sys
from pathlib import Path

import mido
import numpy as np

from layout import GROUPS, NOTE_TO_PIECE


def read_onsets(path):
    """[(beat, piece, velocity 0-1)] of a MIDI file, in quarter-note beats."""
    midi = mido.MidiFile(path)
    onsets, tick = [], 0
    for message in mido.merge_tracks(midi.tracks):
        tick += message.time
        if message.type == "note_on" and message.velocity > 0 and message.note in NOTE_TO_PIECE:
            onsets.append((tick / midi.ticks_per_beat, NOTE_TO_PIECE[message.note], message.velocity / 127))
    return onsets


def fits_triplets(beats):
    """Whether eighth triplets lie nearer to the onsets than sixteenths, each against its own chance level."""
    def error(per_beat):
        scaled = beats * per_beat
        return np.abs(scaled - np.round(scaled)).mean()
    return error(3) < error(4)


def to_grid(onsets, meter):
    beats = np.array([beat for beat, _, _ in onsets])
    triplet = meter == (4, 4) and bool(fits_triplets(beats))
    per_beat = 3 if triplet else 4
    bar_steps = meter[0] * 4 // meter[1] * per_beat if triplet else meter[0] * 16 // meter[1]
    steps = np.maximum(np.round(beats * per_beat).astype(int), 0)
    length = (steps.max() // bar_steps + 1) * bar_steps
    velocity = np.zeros((length, 9), np.float32)
    offset = np.zeros((length, 9), np.float32)
    dropped = 0
    for (beat, piece, value), step in zip(onsets, steps):
        if velocity[step, piece] > 0:
            dropped += 1
        if value > velocity[step, piece]:
            velocity[step, piece] = value
            offset[step, piece] = np.clip(beat * per_beat - step, -0.5, 0.5)
    return velocity, offset, bar_steps, triplet, dropped


def swing_of(velocity, offset, triplet):
    """Mean delay of the odd sixteenths against the even ones, in steps, 0 to 1/3; none on triplets."""
    if triplet:
        return 0.0
    hit = velocity > 0
    odd = np.arange(len(hit)) % 2 == 1
    if hit[odd].sum() < 8:
        return 0.0
    return float(np.clip(offset[odd][hit[odd]].mean() - offset[~odd][hit[~odd]].mean(), 0, 1 / 3))


def fill_flags(velocity, bar_steps, is_fill_clip):
    flags = np.zeros(len(velocity), np.float32)
    if is_fill_clip:
        flags[:] = 1
        return flags
    half = max(1, bar_steps // 2)
    for start in range(0, len(velocity), half):
        part = velocity[start : start + half] > 0
        toms, snare, hats = part[:, 4:7].sum(), part[:, 1].sum(), part[:, [2, 3, 8]].sum()
        if hats <= half // 4 and (toms >= 3 or snare + toms >= 5 * half // 8):
            flags[start : start + half] = 1
    return flags


def bar_figures(velocity, bar_steps, per_beat):
    """Per bar: onsets a beat, syncopation, mean velocity, onsets a beat of each group; [bars, 8]."""
    bars = velocity.reshape(-1, bar_steps, 9)
    hits = bars > 0
    beats = bar_steps / per_beat
    density = hits.sum((1, 2)) / beats
    off_beat = (np.arange(bar_steps) % per_beat != 0).astype(float)
    off_beat[(np.arange(bar_steps) % per_beat) % 2 == 1] *= 2
    syncopation = (hits[:, :, :2].any(2) * off_beat).sum(1) / beats
    total = hits.sum((1, 2))
    loudness = np.where(total > 0, bars.sum((1, 2)) / np.maximum(total, 1), np.nan)
    groups = [hits[:, :, group].sum((1, 2)) / beats for group in GROUPS]
    return np.stack([density, syncopation, loudness, *groups], 1)


def smooth(figures):
    out = np.empty_like(figures)
    for bar in range(len(figures)):
        window = figures[max(0, bar - 2) : bar + 3]
        counts = np.isfinite(window).sum(0)
        out[bar] = np.where(counts > 0, np.nansum(window, 0) / np.maximum(counts, 1), 0.5)
    return out


def main(folder, out):
    folder = Path(folder)
    rows = list(csv.DictReader(open(folder / "info.csv")))
    rows = [row for row in rows if (folder / row["midi_filename"]).exists()]
    styles = sorted({row["style"] for row in rows} | {row["style"].split("/")[0] for row in rows})
    items, dropped, total = [], 0, 0
    for row in rows:
        onsets = read_onsets(folder / row["midi_filename"])
        if len(onsets) < 4:
            continue
        meter = tuple(int(part) for part in row["time_signature"].split("-"))
        velocity, offset, bar_steps, triplet, lost = to_grid(onsets, meter)
        dropped, total = dropped + lost, total + len(onsets)
        swing = swing_of(velocity, offset, triplet)
        odd = (np.arange(len(velocity)) % 2 == 1)[:, None] & (velocity > 0)
        offset = np.where(odd, offset - swing, offset).clip(-0.5, 0.5).astype(np.float32)
        is_fill = row["beat_type"] == "fill"
        items.append(dict(
            id=row["id"], split=row["split"], drummer=row["drummer"], style=row["style"], fill=is_fill,
            bpm=float(row["bpm"]), meter=list(meter), bar_steps=int(bar_steps), triplet=triplet, swing=swing,
            velocity=velocity, offset=offset, flags=fill_flags(velocity, bar_steps, is_fill),
            figures=smooth(bar_figures(velocity, bar_steps, 3 if triplet else 4)),
        ))
    controls_of(items)
    offsets = np.cumsum([0] + [len(item["velocity"]) for item in items])
    meta = []
    for item, start in zip(items, offsets):
        keep = ("id", "split", "drummer", "style", "fill", "bpm", "meter", "bar_steps", "triplet", "swing")
        meta.append({**{key: item[key] for key in keep}, "start": int(start), "steps": len(item["velocity"])})
    def joined(key):
        return np.concatenate([item[key] for item in items])
    np.savez_compressed(
        out, velocity=joined("velocity"), offset=joined("offset"), flags=joined("flags"),
        controls=joined("controls"), meta=json.dumps({"items": meta, "styles": styles}),
    )
    triplets = sum(item["triplet"] for item in items)
    print(f"{len(items)} performances, {offsets[-1]} steps, {triplets} on triplets, "
          f"{dropped} of {total} onsets dropped as second hits in a step")


def controls_of(items):
    """Adds `controls` [steps, 7]: complexity, dynamics and five groups as percentiles 0-1 within the style."""
    pools = {}
    for item in items:
        if item["split"] == "train":
            pools.setdefault(item["style"].split("/")[0], []).append(item["figures"])
    pools = {style: np.sort(np.concatenate(figures), 0) for style, figures in pools.items()}
    for item in items:
        pool = pools[item["style"].split("/")[0]]
        ranks = np.stack([
            (np.searchsorted(pool[:, k], item["figures"][:, k], "left")
             + np.searchsorted(pool[:, k], item["figures"][:, k], "right")) / (2 * len(pool))
            for k in range(8)
        ], 1)
        bars = np.concatenate([ranks[:, :2].mean(1, keepdims=True), ranks[:, 2:]], 1).astype(np.float32)
        item["controls"] = np.repeat(bars, item["bar_steps"], 0)


if __name__ == "__main__":
    main(*sys.argv[1:3])
