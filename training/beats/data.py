"""Renders the training and validation sets of the beat network: WAV files and their labels as JSON.

    python data.py OUT --groove DIR --pop909 DIR [--split train|validation] [--part K/N]

Groove performances are played with random kits, tempi, swing and meters; POP909 songs with random sound fonts and,
mostly, a drummer of the same Groove split and a bass. Every item is seeded by its own name, so parts can run side by
side. Kits, sound fonts, performances and songs of the test are never touched.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import fftconvolve

import render
import scores

# Songs of POP909 by number modulo 9: 0 and 5 are the test (202 songs), 7 is validation, the rest is for training.
def pop909_ids(split):
    wanted = {"test": (0, 5), "validation": (7,), "train": (1, 2, 3, 4, 6, 8)}[split]
    return [n for n in range(1, 910) if n % 9 in wanted]


def onsets_of(score):
    return sorted({round(float(t), 4) for t in score.seconds([n.start for n in score.notes]) if t >= 0})


def labels_of(score, **more):
    return {"name": score.name, "beatsSec": [float(t) for t in score.beat_times], "downbeatsSec": [float(t) for t in score.beat_times[score.is_downbeat]],
            "onsetsSec": onsets_of(score), "tempoBpm": score.tempo_bpm, "meter": score.meter, **more}


def vary(score, rng, tempo_range=(55, 205)):
    """The score at another tempo, sometimes swung, sometimes in another meter."""
    if rng.random() < 0.25 and score.meter == 4:
        score = scores.change_meter(score, int(rng.choice([2, 3, 3, 3, 5, 6, 7])))
    if rng.random() < 0.2:
        score = scores.swing(score, float(rng.uniform(0.52, 0.68)))
    factor = float(np.exp(rng.uniform(np.log(0.75), np.log(1.35))))
    if not tempo_range[0] <= score.tempo_bpm * factor <= tempo_range[1]:
        factor = 1.0
    return scores.scale_tempo(score, factor)


def drums_audio(score, rng, kits, length_sec):
    if rng.random() < 0.65:
        return render.render_hits(score, kits[list(kits)[rng.integers(len(kits))]], rng, length_sec)
    font, program = render.TRAIN_DRUM_FONTS[rng.integers(len(render.TRAIN_DRUM_FONTS))]
    only = scores.replace(score, notes=[n for n in score.notes if n.channel == render.DRUM_CHANNEL])
    return render.render_font(only, font, program, length_sec).mean(axis=0)


def finish(audio, rng, rooms):
    """What happens to music on its way out: a room, a bus compressor's saturation, noise, level."""
    audio = render.normalise(audio, 1.0)
    if rng.random() < 0.35 and rooms:
        room = rooms[rng.integers(len(rooms))]
        wet = fftconvolve(audio, room)[: len(audio)].astype(np.float32)
        audio = audio + wet * (0.15 + 0.5 * rng.random()) * float(np.abs(audio).max() / max(1e-6, np.abs(wet).max()))
        audio = render.normalise(audio, 1.0)
    if rng.random() < 0.5:
        audio = np.tanh(audio * rng.uniform(1.0, 5.0)).astype(np.float32)
    if rng.random() < 0.3:
        audio = audio + rng.normal(0, 10 ** (rng.uniform(-70, -40) / 20), len(audio)).astype(np.float32)
    return render.normalise(audio, 10 ** (rng.uniform(-14, -0.3) / 20))


def groove_item(root, row, variant, kits, rooms, max_sec):
    rng = np.random.default_rng([variant, *row["id"].encode()])
    score = vary(scores.load_groove(root, row), rng)
    beats = min(len(score.beat_times), int(max_sec / np.median(np.diff(score.beat_times))))
    first = int(rng.integers(0, max(1, len(score.beat_times) - beats)))
    score = scores.cut(score, first, first + beats)
    length = float(score.beat_times[-1]) + 1.0
    audio = finish(drums_audio(score, rng, kits, length), rng, rooms)
    return audio, labels_of(score, kind="groove")


MELODY_PROGRAMS = [0, 4, 11, 22, 24, 25, 26, 40, 52, 53, 56, 65, 66, 71, 73, 80, 81, 85]
CHORD_PROGRAMS = [0, 0, 1, 2, 4, 5, 6, 16, 24, 25, 26, 27, 29, 30, 46, 48, 50, 88, 89]


def pop909_item(root, song_id, variant, grooves, groove_root, kits, rooms, max_sec):
    rng = np.random.default_rng([variant, song_id, 909])
    song = scores.load_pop909(root, song_id)
    beats = min(len(song.beat_times), int(max_sec / np.median(np.diff(song.beat_times))))
    first = int(rng.integers(0, max(1, len(song.beat_times) - beats)))
    chords = read_chords(root, song_id, song)
    if rng.random() < 0.5 and chords:
        song = scores.add_bass(song, chords, rng)
    with_drums = rng.random() < 0.75
    if with_drums:
        near = [r for r in grooves if r["time_signature"].startswith(str(song.meter)) and abs(np.log(float(r["bpm"]) / song.tempo_bpm)) < 0.25] or grooves
        drums = scores.load_groove(groove_root, near[rng.integers(len(near))])
        if drums.meter == song.meter:
            song = scores.add_drums(song, drums, rng)
    song = vary(scores.cut(song, first, first + beats), rng)
    programs = {0: int(rng.choice(MELODY_PROGRAMS)), 1: int(rng.choice(MELODY_PROGRAMS)), 2: int(rng.choice(CHORD_PROGRAMS))}
    song = scores.replace(song, programs={**song.programs, **programs})
    length = float(song.beat_times[-1]) + 1.0
    tonal = scores.replace(song, notes=[n for n in song.notes if n.channel != render.DRUM_CHANNEL])
    audio = render.normalise(render.render_font(tonal, render.TRAIN_FONTS[rng.integers(len(render.TRAIN_FONTS))], 0, length).mean(axis=0), 1.0)
    if any(n.channel == render.DRUM_CHANNEL for n in song.notes):
        drums = render.normalise(drums_audio(song, rng, kits, length), 1.0)[: len(audio)]
        audio = audio * 10 ** (rng.uniform(-8, 4) / 20) + np.pad(drums, (0, len(audio) - len(drums)))
    return finish(audio, rng, rooms), labels_of(song, kind="pop909")


def read_chords(root, song_id, song):
    """[(start_beat, end_beat, root pitch class)] from chord_midi.txt."""
    names = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    out = []
    for line in (Path(root) / f"{song_id:03d}" / "chord_midi.txt").read_text().splitlines():
        start, end, label = line.split()
        if label == "N":
            continue
        pitch = names[label[0]] + label.split(":")[0].count("#") - label.split(":")[0][1:].count("b")
        position = np.interp([float(start), float(end)], song.beat_times, np.arange(len(song.beat_times)))
        out.append((round(position[0]), round(position[1]), pitch % 12))
    return [c for c in out if c[1] > c[0]]


def read_rooms():
    paths = sorted((render.SHARED / "datasets" / "separation" / "ir").rglob("*.*"))
    rooms = []
    for path in paths:
        data, rate = soundfile.read(path, dtype="float32", always_2d=True)
        rooms.append(data.mean(axis=1)[: 2 * rate])
    return rooms


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--groove", type=Path, required=True)
    parser.add_argument("--pop909", type=Path, required=True)
    parser.add_argument("--split", default="train", choices=["train", "validation"])
    parser.add_argument("--variants", type=int, default=2, help="renderings of each Groove performance")
    parser.add_argument("--songs", type=int, default=300, help="renderings of POP909 songs")
    parser.add_argument("--max-sec", type=float, default=50.0)
    parser.add_argument("--part", default="0/1")
    args = parser.parse_args()
    part, parts = map(int, args.part.split("/"))
    args.out.mkdir(parents=True, exist_ok=True)
    kits, rooms = render.train_kits(), read_rooms()
    rows = scores.groove_rows(args.groove, args.split)
    ids = pop909_ids(args.split)
    jobs = [("groove", row, v) for v in range(args.variants) for row in rows]
    jobs += [("pop909", ids[k % len(ids)], k // len(ids)) for k in range(args.songs)]
    jobs = [jobs[k] for k in np.random.default_rng(0).permutation(len(jobs))]
    for kind, what, variant in jobs[part::parts]:
        label = what["id"].replace("/", "_") if kind == "groove" else f"pop909_{what:03d}"
        target = args.out / f"{label}_v{variant}.wav"
        if target.with_suffix(".json").exists():
            continue
        if kind == "groove":
            audio, labels = groove_item(args.groove, what, variant, kits, rooms, args.max_sec)
        else:
            audio, labels = pop909_item(args.pop909, what, variant, rows, args.groove, kits, rooms, args.max_sec)
        soundfile.write(target, audio, render.SAMPLE_RATE, subtype="PCM_16")
        target.with_suffix(".json").write_text(json.dumps(labels))


if __name__ == "__main__":
    main()
