"""Renders the judged sets: the Groove test split through kits that no training has heard, and POP909 with drums.

    python render_sets.py OUT --groove DIR --pop909 DIR [--set groove|pop909|pop909-dev]

Groove: every beat of at least 10 s of the official test split, once through a sound font's kit and once through a kit
of single hits. POP909: 200 songs (numbers that give 0 or 5 modulo 9), 90 s from the start, FluidR3, a drummer of the
Groove test split over it. `pop909-dev` is for tuning: other songs, another sound font. Songs that are there already are
not rendered again.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training" / "beats"))
import data  # noqa: E402
import render  # noqa: E402
import scores  # noqa: E402


def write(out, name, audio, labels):
    target = out / f"{name}.wav"
    soundfile.write(target, render.normalise(audio).T, render.SAMPLE_RATE, subtype="PCM_16")
    target.with_suffix(".json").write_text(json.dumps({**labels, "name": name}))


def groove_set(out, root):
    kits = render.test_kits()
    names = list(kits)
    for k, row in enumerate(scores.groove_rows(root, "test")):
        score = scores.load_groove(root, row)
        length = float(score.beat_times[-1]) + 1.0
        labels = data.labels_of(score, kind="groove", style=row["style"])
        labels["tempoBpm"] = float(row["bpm"])
        font, program = render.TEST_DRUM_FONTS[k % len(render.TEST_DRUM_FONTS)]
        write(out, f"{score.name}_font", render.render_font(score, font, program, length), {**labels, "kit": f"{font}:{program}"})
        kit = names[k % len(names)]
        hits = render.render_hits(score, kits[kit], np.random.default_rng(k), length)
        write(out, f"{score.name}_hits", np.stack([hits, hits]), {**labels, "kit": kit})


def lines_of(path, stop):
    """[(start, end, label)] cut at `stop` seconds."""
    rows = [line.split() for line in Path(path).read_text().splitlines() if line.strip()]
    return [(float(a), min(float(b), stop), c) for a, b, c in rows if float(a) < stop]


def pop909_set(out, root, groove_root, is_test, count, length_sec):
    ids = data.pop909_ids("test" if is_test else "validation")[:count]
    rows = scores.groove_rows(groove_root, "test" if is_test else "validation")
    font = render.TEST_FONT if is_test else render.TRAIN_FONTS[0]
    for song_id in ids:
        rng = np.random.default_rng([song_id, 6])
        song = scores.load_pop909(root, song_id)
        if (out / f"{song.name}.json").exists():
            continue
        last = int(np.searchsorted(song.beat_times, length_sec))
        song = scores.cut(song, 0, min(last, len(song.beat_times)))
        near = sorted((r for r in rows if r["time_signature"].startswith(str(song.meter))), key=lambda r: abs(np.log(float(r["bpm"]) / song.tempo_bpm)))[:12]
        if near:
            song = scores.add_drums(song, scores.load_groove(groove_root, near[rng.integers(len(near))]), rng)
        song = scores.replace(song, programs={0: int(rng.choice([0, 4, 24, 65, 73, 80])), 1: int(rng.choice([0, 11, 25, 48])), 2: int(rng.choice([0, 0, 0, 4, 25]))})
        length = float(song.beat_times[-1]) + 1.0
        audio = render.render_font(song, font, 0, length)
        folder = Path(root) / f"{song_id:03d}"
        labels = data.labels_of(song, kind="pop909", chords=lines_of(folder / "chord_midi.txt", length), keys=lines_of(folder / "key_audio.txt", length))
        write(out, song.name, audio, labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--groove", type=Path, required=True)
    parser.add_argument("--pop909", type=Path, required=True)
    parser.add_argument("--set", default="groove", choices=["groove", "pop909", "pop909-dev"])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--length-sec", type=float, default=90.0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.set == "groove":
        groove_set(args.out, args.groove)
    else:
        pop909_set(args.out, args.pop909, args.groove, args.set == "pop909", args.count, args.length_sec)


if __name__ == "__main__":
    main()
