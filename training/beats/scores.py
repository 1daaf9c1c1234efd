"""Symbolic scores for training and judging the beat network: Groove and POP909 as notes over a grid of beats.

A score's notes are placed in beats, so that tempo, swing and meter can be changed before it is rendered.
Nothing here makes sound: render.py does.
"""
import csv
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import mido
import numpy as np

DRUM_CHANNEL = 9
# The Groove kit (Roland TD-11) sends some pitches that General MIDI kits lack.
ROLAND_TO_GM = {22: 42, 26: 46, 58: 43}


@dataclass(frozen=True)
class Note:
    start: float  # in beats
    end: float  # in beats
    pitch: int
    velocity: int
    channel: int


@dataclass(frozen=True)
class Score:
    name: str
    notes: list
    beat_times: np.ndarray  # seconds of beat 0, 1, 2 …
    is_downbeat: np.ndarray  # one flag for each beat
    meter: int
    programs: dict = field(default_factory=dict)  # channel -> General MIDI program

    @property
    def tempo_bpm(self):
        return 60 / float(np.median(np.diff(self.beat_times)))

    def seconds(self, beats):
        """Seconds of positions in beats; the first and last intervals go on beyond the grid."""
        times, index = self.beat_times, np.arange(len(self.beat_times))
        beats = np.asarray(beats, dtype=float)
        inside = np.interp(beats, index, times)
        before = times[0] + beats * (times[1] - times[0])
        after = times[-1] + (beats - index[-1]) * (times[-1] - times[-2])
        return np.where(beats < 0, before, np.where(beats > index[-1], after, inside))


def read_notes(path):
    """[(start_sec, end_sec, pitch, velocity, channel)] of a MIDI file; the pedal holds notes."""
    out, open_notes, held, pedal, now = [], {}, [], Counter(), 0.0
    for message in mido.MidiFile(path):
        now += message.time
        if message.is_meta or not hasattr(message, "channel"):
            continue
        if message.type == "control_change" and message.control == 64:
            pedal[message.channel] = message.value >= 64
            if not pedal[message.channel]:
                out += [(s, now, p, v, c) for s, p, v, c in held if c == message.channel]
                held = [h for h in held if h[3] != message.channel]
        elif message.type in ("note_on", "note_off"):
            key = (message.channel, message.note)
            if key in open_notes:
                start, velocity = open_notes.pop(key)
                if pedal[message.channel]:
                    held.append((start, message.note, velocity, message.channel))
                else:
                    out.append((start, now, message.note, velocity, message.channel))
            if message.type == "note_on" and message.velocity > 0:
                open_notes[key] = (now, message.velocity)
    out += [(s, now, p, v, c) for s, p, v, c in held]
    return sorted(out)


def load_groove(root, row):
    """A performance of the Groove MIDI Dataset; `row` is a line of info.csv. The click starts at 0."""
    beat_sec = 60 / float(row["bpm"])
    meter = int(row["time_signature"].split("-")[0])
    notes = [
        Note(s / beat_sec, max(e, s + 0.05) / beat_sec, ROLAND_TO_GM.get(p, p), v, DRUM_CHANNEL)
        for s, e, p, v, _ in read_notes(Path(root) / row["midi_filename"])
    ]
    count = int(np.floor(notes[-1].start + 0.25)) + 1
    return Score(row["id"].replace("/", "_"), notes, np.arange(max(count, 2)) * beat_sec, np.arange(max(count, 2)) % meter == 0, meter)


def groove_rows(root, split, kind="beat", min_sec=10.0):
    """Lines of info.csv of a split, in quarter-note meters (what a beat of the others is remains open)."""
    with open(Path(root) / "info.csv") as file:
        rows = [r for r in csv.DictReader(file) if r["split"] == split and r["beat_type"] == kind]
    return [r for r in rows if r["time_signature"].endswith("-4") and float(r["duration"]) >= min_sec]


def load_pop909(root, song_id):
    """A song of POP909 on its own beats (beat_midi.txt); channels 0 melody, 1 bridge, 2 piano."""
    folder = Path(root) / f"{song_id:03d}"
    lines = np.loadtxt(folder / "beat_midi.txt")
    times = lines[:, 0]
    keep = np.concatenate([[True], np.diff(times) > 0.1])
    lines, times = lines[keep], times[keep]
    small = np.flatnonzero(lines[:, 1])
    is_triple = Counter(np.diff(small)).most_common(1)[0][0] == 3
    downbeats = lines[:, 1] if is_triple else lines[:, 2]
    index = np.arange(len(times))

    def beat_of(sec):
        inside = np.interp(sec, times, index)
        if sec < times[0]:
            return (sec - times[0]) / (times[1] - times[0])
        return inside if sec <= times[-1] else index[-1] + (sec - times[-1]) / (times[-1] - times[-2])

    notes = [Note(float(beat_of(s)), float(beat_of(e)), p, v, c) for s, e, p, v, c in read_notes(folder / f"{song_id:03d}.mid")]
    return Score(f"pop909_{song_id:03d}", notes, times, downbeats > 0, 3 if is_triple else 4, {0: 0, 1: 0, 2: 0})


def cut(score, start_beat, end_beat):
    """The beats [start_beat, end_beat) as a score that begins at 0 s."""
    notes = [replace(n, start=n.start - start_beat, end=min(n.end, end_beat) - start_beat) for n in score.notes if start_beat - 0.2 <= n.start < end_beat - 0.2]
    times = score.beat_times[start_beat:end_beat]
    lead = 0.0 if start_beat == 0 else 0.1
    return replace(score, notes=notes, beat_times=times - times[0] + (times[0] if start_beat == 0 else lead), is_downbeat=score.is_downbeat[start_beat:end_beat])


def scale_tempo(score, factor):
    """`factor` 1.1 plays 10 % faster."""
    return replace(score, beat_times=score.beat_times / factor)


def swing(score, long_share):
    """Off-beat eighths moved from 0.5 to `long_share` of the beat (0.667 = triplet feel)."""

    def warp(beat):
        whole = np.floor(beat)
        phase = beat - whole
        return whole + (phase * long_share / 0.5 if phase < 0.5 else long_share + (phase - 0.5) * (1 - long_share) / 0.5)

    return replace(score, notes=[replace(n, start=warp(n.start), end=max(warp(n.end), warp(n.start) + 0.02)) for n in score.notes])


def change_meter(score, meter):
    """Bars of four played as bars of `meter` beats: beats left out at the end, or the last ones played again."""
    starts = np.flatnonzero(score.is_downbeat)
    starts = [s for s, t in zip(starts, starts[1:]) if t - s == score.meter]
    order = np.arange(meter) if meter <= score.meter else np.concatenate([np.arange(score.meter), score.meter - (meter - score.meter) + np.arange(meter - score.meter)])
    by_beat = {}
    for n in score.notes:
        by_beat.setdefault(int(np.floor(n.start + 0.15)), []).append(n)
    notes = []
    for bar, first in enumerate(starts):
        for place, source in enumerate(order):
            shift = bar * meter + place - (first + source)
            end = (bar + 1) * meter
            notes += [replace(n, start=n.start + shift, end=min(n.end + shift, end)) for n in by_beat.get(first + source, [])]
    notes = sorted((n for n in notes if n.end > n.start + 0.01), key=lambda n: n.start)
    count = len(starts) * meter
    beat_sec = float(np.median(np.diff(score.beat_times)))
    return replace(score, notes=notes, beat_times=np.arange(count) * beat_sec + 0.05, is_downbeat=np.arange(count) % meter == 0, meter=meter)


def add_drums(score, drums, rng, enter_bar=0):
    """The song with a drummer's bars laid over its own bars, repeated as needed."""
    bars = {}
    for n in drums.notes:
        bars.setdefault(int(np.floor((n.start + 0.2) / drums.meter)), []).append(n)
    last = max(1, int(drums.notes[-1].start // drums.meter))
    downbeats = np.flatnonzero(score.is_downbeat)
    offset = int(rng.integers(0, last))
    notes = list(score.notes)
    for k, first in enumerate(downbeats[enter_bar:]):
        length = (downbeats[enter_bar:][k + 1] - first) if enter_bar + k + 1 < len(downbeats) else drums.meter
        source = (offset + k) % last
        for n in bars.get(source, []):
            place = n.start - source * drums.meter
            if place < length - 0.1:
                notes.append(replace(n, start=first + place, end=first + place + 0.2))
    return replace(score, notes=sorted(notes, key=lambda n: n.start))


def add_bass(score, chords, rng):
    """The song with a bass that plays the roots of `chords` [(start_beat, end_beat, root)] on channel 3."""
    step = float(rng.choice([0.5, 1.0, 2.0]))
    notes = list(score.notes)
    for start, end, root in chords:
        for place in np.arange(start, end - 0.1, step):
            pitch = 28 + (root - 4) % 12 + (12 if rng.random() < 0.08 else 0)
            notes.append(Note(float(place), float(min(place + step * 0.9, end)), pitch, int(rng.integers(75, 115)), 3))
    return replace(score, notes=sorted(notes, key=lambda n: n.start), programs={**score.programs, 3: int(rng.choice([32, 33, 34, 38, 39]))})
