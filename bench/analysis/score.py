"""Scores of estimates against labels, by mir_eval: one line for each program whose estimates lie in the folder.

    python score.py DIR [--worst N]

Beats and downbeats: F within 70 ms, first five seconds left out (mir_eval's convention). Tempo: within 4 % of the
label, and within 4 % of it or of one of at most two alternatives. Onsets: F within 50 ms, labels closer than 30 ms
joined. Key: of the longest labelled stretch; exact, and MIREX-weighted. Chords: majmin overlap by duration; root too.
"""
import argparse
import json
from collections import defaultdict
from pathlib import Path

import mir_eval
import numpy as np

PROGRAMS = ["forge", "librosa", "essentia", "beatnet"]


def join_close(times, gap=0.03):
    out = []
    for t in sorted(times):
        if not out or t - out[-1] > gap:
            out.append(t)
    return np.array(out)


def beat_f(reference, estimate):
    reference, estimate = (mir_eval.beat.trim_beats(np.array(sorted(x), dtype=float)) for x in (reference, estimate))
    if len(reference) == 0:
        return None
    return mir_eval.beat.f_measure(reference, estimate) if len(estimate) else 0.0


def is_near(a, b):
    return a is not None and b is not None and abs(a - b) <= 0.04 * b


def key_name(label):
    tonic, mode = label.split(":")
    return f"{tonic} {'major' if mode.startswith('maj') else 'minor'}"


def longest(segments):
    total = defaultdict(float)
    for start, end, label in segments:
        total[label] += end - start
    return max(total, key=total.get) if total else None


def chord_scores(reference, estimate):
    ref_intervals, ref_labels = np.array([[a, b] for a, b, _ in reference]), [c for _, _, c in reference]
    intervals, labels = np.array([[c["startSec"], c["endSec"]] for c in estimate]), [c["label"] for c in estimate]
    intervals, labels = mir_eval.util.adjust_intervals(intervals, labels, ref_intervals.min(), ref_intervals.max(), mir_eval.chord.NO_CHORD, mir_eval.chord.NO_CHORD)
    merged, ref_labels, labels = mir_eval.util.merge_labeled_intervals(ref_intervals, ref_labels, intervals, labels)
    durations = mir_eval.util.intervals_to_durations(merged)
    return {name: mir_eval.chord.weighted_accuracy(compare(ref_labels, labels), durations)
            for name, compare in (("chord_majmin", mir_eval.chord.majmin), ("chord_root", mir_eval.chord.root), ("chord_sevenths", mir_eval.chord.sevenths))}


def score_item(labels, estimate):
    out = {}
    rhythm, tonal = estimate.get("rhythm"), estimate.get("tonal")
    if rhythm:
        out["beat_f"] = beat_f(labels["beatsSec"], rhythm["beatsSec"])
        if "downbeatsSec" in rhythm:
            out["downbeat_f"] = beat_f(labels["downbeatsSec"], rhythm["downbeatsSec"])
        out["tempo"] = float(is_near(rhythm["tempoBpm"], labels["tempoBpm"]))
        if "tempoAlternativesBpm" in rhythm:
            out["tempo_alt"] = float(any(is_near(t, labels["tempoBpm"]) for t in [rhythm["tempoBpm"], *rhythm["tempoAlternativesBpm"][:2]]))
        out["tempo_octave"] = float(any(is_near(rhythm["tempoBpm"] * r, labels["tempoBpm"]) for r in (1, 0.5, 2, 1 / 3, 3) if rhythm["tempoBpm"]))
        if rhythm.get("meter"):
            out["meter"] = float(int(rhythm["meter"].split("/")[0]) == labels["meter"])
        if "onsetsSec" in rhythm:
            reference = join_close(labels["onsetsSec"])
            out["onset_f"] = mir_eval.onset.f_measure(reference, np.array(rhythm["onsetsSec"], dtype=float), window=0.05)[0]
    if tonal and labels.get("keys"):
        key = longest(labels["keys"])
        if key and tonal.get("key"):
            out["key"] = float(mir_eval.key.weighted_score(key_name(key), tonal["key"]) == 1.0)
            out["key_mirex"] = mir_eval.key.weighted_score(key_name(key), tonal["key"])
    if tonal and labels.get("chords") and tonal.get("chords"):
        out.update(chord_scores(labels["chords"], tonal["chords"]))
    return {k: v for k, v in out.items() if v is not None}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worst", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    tables, items = {}, defaultdict(dict)
    for path in sorted(args.folder.glob("*.json")):
        if path.name.count(".") > 1 and path.name.rsplit(".", 2)[1] in PROGRAMS:
            continue
        labels = json.loads(path.read_text())
        for program in PROGRAMS:
            estimate = path.with_suffix(f".{program}.json")
            if estimate.exists():
                items[program][path.stem] = score_item(labels, json.loads(estimate.read_text()))
    for program, scored in items.items():
        keys = sorted({k for s in scored.values() for k in s})
        tables[program] = {k: float(np.mean([s[k] for s in scored.values() if k in s])) for k in keys}
        print(f"{program:9s} n={len(scored)} " + "  ".join(f"{k} {v:.3f}" for k, v in tables[program].items()))
    if args.worst and "forge" in items:
        for name, s in sorted(items["forge"].items(), key=lambda kv: kv[1].get("beat_f", 1))[: args.worst]:
            print("   ", name, {k: round(v, 2) for k, v in s.items()})
    if args.json:
        args.json.write_text(json.dumps({"counts": {p: len(s) for p, s in items.items()}, "scores": tables}, indent=1))


if __name__ == "__main__":
    main()
