#!/usr/bin/env python3
"""Renders training songs for the separator: four stems of 12 s, stereo, 44.1 kHz, as .npy of float16 [4, 2, frames].

  python data.py --datasets ../../../shared/datasets --out DIR --count 120 --seed 1

Piano, guitars, pads and bass are POP909 songs through a General MIDI soundfont (fluidsynth); drums are recorded loops
or Groove MIDI performances; voices are the recorded singing, moved in pitch. Every stem gets tone, saturation, room,
place and width of its own, and a limiter's gain, found on the mix, is applied to all stems, so they still sum to it.
Material of the songs in HELD_OUT never enters: those judge.
"""
import argparse, glob, io, json, os, random, subprocess, sys, tarfile, tempfile
import mido
import numpy as np
from scipy import signal
from scipy.ndimage import minimum_filter1d, uniform_filter1d

RATE = 44100
SECONDS = 12
FRAMES = RATE * SECONDS
STEMS = ("drums", "bass", "other", "vocals")
HELD_OUT = ("ichbinsoftware",)
ROOTS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
CHORD_TONES = {"maj": (0, 4, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10),
               "sus4": (0, 5, 7), "sus2": (0, 2, 7), "dim": (0, 3, 6), "aug": (0, 4, 8)}
COMPING = [0, 1, 4, 5, 6, 7, 16, 24, 25, 26, 27, 28, 29, 30, 11, 12, 15, 46]
SUSTAINED = [48, 49, 50, 51, 52, 88, 89, 90, 91, 94, 61, 62, 18, 81, 80]
LEADS = [40, 56, 61, 65, 73, 75, 80, 81, 11, 26, 29, 30, 0, 4, 68]
BASSES = [32, 33, 34, 35, 36, 37, 38, 39]
KITS = [0, 8, 16, 24, 25, 32, 40]


def read_audio(path):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-ar", str(RATE), "-ac", "2", "-f", "f32le", "-"],
                         capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32).reshape(-1, 2).T.astype(np.float64)


def render_midi(notes, program, soundfont, is_drums=False):
    """notes: (start s, end s, pitch, velocity) -> [2, FRAMES]"""
    events = []
    for start, end, pitch, velocity in notes:
        if 0 <= start < SECONDS:
            events += [(start, 1, pitch, velocity), (min(end, SECONDS), 0, pitch, 0)]
    if not events:
        return np.zeros((2, FRAMES))
    channel = 9 if is_drums else 0
    track = mido.MidiTrack([mido.Message("program_change", program=program, channel=channel)])
    now = 0.0
    for time, kind, pitch, velocity in sorted(events):
        ticks = round((time - now) * 960)
        now += ticks / 960
        track.append(mido.Message("note_on" if kind else "note_off", note=int(pitch), velocity=int(velocity), time=ticks,
                                  channel=channel))
    midi = mido.MidiFile(ticks_per_beat=480)
    midi.tracks.append(track)
    with tempfile.TemporaryDirectory() as folder:
        midi.save(folder + "/a.mid")
        subprocess.run(["fluidsynth", "-ni", "-q", "-g", "0.6", "-o", "synth.dynamic-sample-loading=1", "-R", "0", "-C", "0", "-r", str(RATE), "-O", "float", "-T", "raw", "-F",
                        folder + "/a.raw", soundfont, folder + "/a.mid"], check=True, capture_output=True)
        audio = np.fromfile(folder + "/a.raw", np.float32).reshape(-1, 2).T.astype(np.float64)
    return fit(audio)


def fit(audio):
    out = np.zeros((2, FRAMES))
    n = min(FRAMES, audio.shape[1])
    out[:, :n] = audio[:, :n]
    return out


def midi_tracks(data):
    """{track name: [(start, end, pitch, velocity)]} of a MIDI file, in seconds."""
    midi = mido.MidiFile(file=io.BytesIO(data))
    tempo_map, tick = [(0, 0.0, 500000)], 0
    for message in mido.merge_tracks(midi.tracks):
        tick += message.time
        if message.type == "set_tempo":
            at, sec, tempo = tempo_map[-1]
            tempo_map.append((tick, sec + (tick - at) * tempo / 1e6 / midi.ticks_per_beat, message.tempo))
    starts = np.array([t for t, _, _ in tempo_map])

    def seconds(t):
        at, sec, tempo = tempo_map[np.searchsorted(starts, t, side="right") - 1]
        return sec + (t - at) * tempo / 1e6 / midi.ticks_per_beat

    out = {}
    for index, track in enumerate(midi.tracks):
        tick, open_notes, notes, name = 0, {}, [], f"track{index}"
        for message in track:
            tick += message.time
            if message.type == "track_name":
                name = message.name
            elif message.type == "note_on" and message.velocity > 0:
                open_notes[message.note] = (tick, message.velocity)
            elif message.type in ("note_off", "note_on") and message.note in open_notes:
                start, velocity = open_notes.pop(message.note)
                notes.append((seconds(start), seconds(tick), message.note, velocity))
        out[name] = notes
    return out


def chords_of(text):
    out = []
    for line in text.splitlines():
        start, end, label = line.split()[:3]
        if label == "N":
            continue
        root, _, kind = label.partition(":")
        kind = kind.split("/")[0].split("(")[0]
        pitch = ROOTS[root[0]] + root.count("#") - root.count("b")
        out.append((float(start), float(end), pitch % 12, CHORD_TONES.get(kind, CHORD_TONES["min" if kind.startswith("min") else "maj"])))
    return out


def shelf(audio, rng):
    """A random tone: tilt and one peak."""
    for _ in range(2):
        hz, gain_db, q = 10 ** rng.uniform(1.9, 4.0), rng.gauss(0, 4), rng.uniform(0.4, 1.5)
        a, w = 10 ** (gain_db / 40), 2 * np.pi * hz / RATE
        alpha = np.sin(w) / (2 * q)
        audio = signal.lfilter([1 + alpha * a, -2 * np.cos(w), 1 - alpha * a], [1 + alpha / a, -2 * np.cos(w), 1 - alpha / a], audio)
    return audio


def saturate(audio, drive):
    peak = np.abs(audio).max() + 1e-9
    return np.tanh(drive * audio / peak) * peak / np.tanh(drive)


def place(audio, pan, width):
    """Turns stereo to a place -1 .. 1 with constant power; width 0 is mono."""
    mid, side = audio.mean(0), (audio[0] - audio[1]) / 2 * width
    angle = (pan + 1) * np.pi / 4
    return np.stack([(mid + side) * np.cos(angle), (mid - side) * np.sin(angle)]) * np.sqrt(2)


class Sources:
    def __init__(self, root, soundfont):
        self.root, self.soundfont = root, soundfont
        base = os.path.join(root, "separation") + "/"
        files = [e for e in json.load(open(base + "manifest.json")) if not any(h in e["file"] for h in HELD_OUT)]
        pick = lambda kind: sorted(base + e["file"] for e in files if e["kind"] == kind)
        self.loops, self.rooms, self.singing = pick("drum_loop"), pick("ir"), pick("singing")
        self.pop = tarfile.open(os.path.join(root, "pop909.tar.gz"))
        self.pop_members = {m.name: m for m in self.pop.getmembers()}
        self.groove = tarfile.open(os.path.join(root, "groove-midi.tar.gz"))
        self.grooves = sorted((m for m in self.groove.getmembers() if m.name.endswith(".mid") and "beat" in m.name), key=lambda m: m.name)

    def song(self, rng):
        while True:
            k = f"{rng.randint(1, 909):03d}"
            names = (f"POP909/{k}/{k}.mid", f"POP909/{k}/chord_midi.txt")
            if all(n in self.pop_members for n in names):
                midi, chords = (self.pop.extractfile(self.pop_members[n]).read() for n in names)
                return midi_tracks(midi), chords_of(chords.decode())

    def room(self, audio, rng, amount):
        ir = read_audio(rng.choice(self.rooms))[:, : int(RATE * rng.uniform(0.3, 2.0))]
        ir = ir / np.sqrt((ir ** 2).sum() / 2 + 1e-12)
        mono = audio.mean(0)
        wet = np.stack([signal.fftconvolve(mono, ir[c])[:FRAMES] for c in range(2)])
        return audio + amount * wet

    def vocals(self, rng):
        out, at = np.zeros((2, FRAMES)), int(RATE * max(0, rng.gauss(0.3, 0.7)))
        group = rng.choice(["neshanjo"] * 5 + ["mirdata", "MTG", "Tonejs"])
        files = [f for f in self.singing if group in f]
        shift = 2 ** (rng.uniform(-4, 4) / 12)
        while at < FRAMES:
            clip = read_audio(rng.choice(files))
            clip = signal.resample(clip, max(1, int(clip.shape[1] / shift)), axis=1) / (np.sqrt((clip ** 2).mean()) + 1e-6) * 0.1
            n = min(clip.shape[1], FRAMES - at)
            out[:, at:at + n] += clip[:, :n]
            at += n + int(RATE * abs(rng.gauss(0, 0.5)))
        if rng.random() < 0.3:  # doubling
            out = out + 0.5 * np.roll(out[::-1], int(rng.uniform(0.012, 0.03) * RATE), axis=1)
        out = self.room(saturate(shelf(out, rng), rng.uniform(0.3, 3)), rng, rng.uniform(0.02, 0.5))
        return place(out, rng.gauss(0, 0.05) if rng.random() < 0.85 else rng.uniform(-0.5, 0.5), rng.uniform(0.3, 1.2))

    def drums(self, rng):
        if rng.random() < 0.55:
            loop = read_audio(rng.choice(self.loops))
            out = fit(np.tile(loop, (1, 1 + FRAMES // loop.shape[1])))
        else:
            tracks = midi_tracks(self.groove.extractfile(rng.choice(self.grooves)).read())
            notes = [n for track in tracks.values() for n in track]
            last = max((n[0] for n in notes), default=0)
            start = rng.uniform(0, max(0, last - SECONDS))
            notes = [(a - start, b - start, p, v) for a, b, p, v in notes]
            out = render_midi(notes, rng.choice(KITS), self.soundfont, True)
        out = saturate(shelf(out, rng), rng.uniform(0.3, 4))
        if rng.random() < 0.6:
            out = self.room(out, rng, rng.uniform(0.02, 0.2))
        return place(out, rng.gauss(0, 0.05), rng.uniform(0.3, 1.3))

    def harmony(self, rng):
        tracks, chords = self.song(rng)
        last = max((n[1] for n in tracks.get("PIANO", [])), default=SECONDS)
        start = rng.uniform(0, max(0, last - SECONDS))
        speed = rng.uniform(0.8, 1.3)
        transpose = rng.randint(-4, 4)
        move = lambda notes: [((a - start) / speed, (b - start) / speed, p + transpose, v) for a, b, p, v in notes]
        other = np.zeros((2, FRAMES))

        def add(notes, program, gain, pan, width, wet):
            nonlocal other
            audio = render_midi(notes, program, self.soundfont)
            level = np.sqrt((audio ** 2).mean()) + 1e-9
            audio = shelf(audio, rng)
            if rng.random() < 0.3:
                audio = saturate(audio, rng.uniform(1, 8))
            other += gain * 0.1 * place(self.room(audio / level, rng, wet), pan, width)

        add(move(tracks.get("PIANO", [])), rng.choice(COMPING), 1, rng.uniform(-0.7, 0.7) if rng.random() < 0.7 else 0,
            rng.uniform(0, 1.5), rng.uniform(0, 0.3))
        if rng.random() < 0.5:
            add(move(tracks.get("BRIDGE", [])), rng.choice(LEADS), rng.uniform(0.3, 1), rng.uniform(-0.8, 0.8), 1, rng.uniform(0, 0.4))
        window = [(a, b, r, t) for a, b, r, t in chords if b > start and a < start + SECONDS * speed]
        if rng.random() < 0.6:
            notes = [(a, b, 60 + (r + i) % 12, 80) for a, b, r, t in window for i in t]
            add(move(notes), rng.choice(SUSTAINED), rng.uniform(0.3, 1), rng.uniform(-0.3, 0.3), rng.uniform(0.8, 2), rng.uniform(0, 0.4))
        if rng.random() < 0.5:
            step = rng.choice([0.25, 0.3, 0.36, 0.5])
            notes = [(t0 + 0.01 * k, t0 + step * 0.9, 52 + (r + i) % 12, 70 + rng.randint(0, 40)) for a, b, r, t in window
                     for t0 in np.arange(a, b - 0.05, step) if rng.random() < 0.8 for k, i in enumerate(t)]
            side = rng.choice([-1, 1]) * rng.uniform(0.2, 1)
            add(move(notes), rng.choice([24, 25, 26, 27, 28, 29, 30]), rng.uniform(0.3, 1), side, rng.uniform(0, 0.6), rng.uniform(0, 0.2))
            if rng.random() < 0.5:
                add(move(notes), rng.choice([25, 27, 29, 30]), rng.uniform(0.3, 1), -side, rng.uniform(0, 0.6), rng.uniform(0, 0.2))
        step, octave = rng.choice([0.25, 0.3, 0.5, 0.6, 1.0]), rng.choice([0, 12])
        line = []
        for a, b, r, _ in window:
            root = 28 + (r - 4 + transpose) % 12 - transpose
            for t0 in np.arange(a, b - 0.05, step):
                if rng.random() < 0.85:
                    pitch = root + rng.choice([0, 0, 0, 0, 7, 12, octave, 5])
                    line.append((t0, min(t0 + step * rng.uniform(0.6, 1.0), b), pitch, 90 + rng.randint(0, 30)))
        bass = render_midi(move(line), rng.choice(BASSES), self.soundfont)
        bass = saturate(shelf(bass, rng), rng.uniform(0.3, 5))
        return other, place(bass, rng.gauss(0, 0.03), rng.uniform(0, 0.4))


def limiter_gain(mix, ceiling):
    """Gain of a look-ahead limiter that keeps |mix| under `ceiling` [frames]."""
    peak = np.abs(mix).max(0)
    need = np.minimum(1, ceiling / (peak + 1e-9))
    held = minimum_filter1d(need, int(0.01 * RATE))
    smooth = uniform_filter1d(held, int(0.005 * RATE))
    return np.minimum(smooth, uniform_filter1d(held, int(0.05 * RATE)))


def make(sources, seed):
    rng = random.Random(seed)
    other, bass = sources.harmony(rng)
    stems = {"drums": sources.drums(rng), "bass": bass, "other": other, "vocals": sources.vocals(rng)}
    levels_db = {"drums": rng.gauss(-19, 3), "bass": rng.gauss(-20, 3), "other": rng.gauss(-20, 3.5), "vocals": rng.gauss(-19, 3)}
    for name in STEMS:
        rms = np.sqrt((stems[name] ** 2).mean())
        stems[name] = stems[name] * (10 ** (levels_db[name] / 20) / rms if rms > 1e-7 else 0)
        if name != "other" and rng.random() < 0.08:
            stems[name] = stems[name] * 0
    mix = sum(stems.values())
    gain = limiter_gain(mix, np.quantile(np.abs(mix), rng.uniform(0.97, 1)) + 1e-6)
    audio = np.stack([stems[name] * gain for name in STEMS])
    return (audio * (0.5 / (np.abs(audio.sum(0)).max() + 1e-9))).astype(np.float16)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--soundfont", default="/usr/share/sounds/sf2/FluidR3_GM.sf2")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    sources = Sources(args.datasets, args.soundfont)
    for k in range(args.count):
        path = f"{args.out}/{args.seed}-{k:04d}.npy"
        if not os.path.exists(path):
            np.save(path, make(sources, args.seed * 100000 + k))
            print(path, flush=True)


if __name__ == "__main__":
    main()
