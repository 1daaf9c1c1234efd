#!/usr/bin/env python3
"""Renders the raw songs of forge-lite: four stems of 12 s, stereo, 44.1 kHz, as .npy of float16 [4, 2, frames].

  python songs.py --datasets ../../../shared/datasets --out DIR --count 500 --seed 1

As training/separator/data.py, with more kinds of sounds: two General MIDI fonts, sampled instruments, synthesizers, distorted
guitars in pairs, kits of recorded hits, patterns of dance music, and speech that is sung again. Stems have their tone, room,
place and width; levels, mixing and mastering are drawn anew for each crop (crops.py).
"""
import argparse, os, random, sys

import numpy as np
from scipy import signal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "separator"))
import sounds
from data import (BASSES, COMPING, FRAMES, HELD_OUT, KITS, LEADS, RATE, SECONDS, STEMS, SUSTAINED, Sources, fit, midi_tracks, place, read_audio,
                  render_midi, saturate, shelf)

GUITARS = (25, 26, 27, 28, 29, 30)


def normalised(audio):
    return audio / (np.sqrt((audio ** 2).mean()) + 1e-9) * 0.1


class LiteSources(Sources):
    def __init__(self, root, fonts):
        super().__init__(root, fonts[0])
        self.fonts = fonts
        base, kinds = sounds.load_manifest(root, HELD_OUT)
        self.base = base
        self.sampled = sounds.SampledInstruments(base, kinds["instrument"])
        self.kits = sounds.hit_kits(base, kinds["drum_kit"])
        self.speech = sorted(os.path.join(base, e["file"]) for e in kinds["speech"])

    def player(self, rng, programs, sets, is_bass=False):
        """A function of notes that plays them by one sound."""
        kind = rng.random()
        if kind < (0.35 if is_bass else 0.5):
            program, font = rng.choice(programs), rng.choice(self.fonts)
            return lambda notes: render_midi(notes, program, font)
        if kind < (0.6 if is_bass else 0.75):
            name = rng.choice(sets)
            return lambda notes: self.sampled.play(notes, name, FRAMES, rng)
        return lambda notes: sounds.play_synth(notes, FRAMES, rng, is_bass)

    def finish(self, audio, rng, pan, width, wet):
        audio = shelf(normalised(audio), rng)
        if rng.random() < 0.3:
            audio = saturate(audio, rng.uniform(1, 8))
        if wet > 0.02:
            audio = self.room(audio, rng, wet)
        return place(normalised(audio), pan, width)

    def vocals(self, rng):
        kind = rng.random()
        if kind < 0.5:
            return super().vocals(rng)
        tracks, _ = self.song(rng)
        melody = [n for n in tracks.get("MELODY", [])]
        start = rng.choice(melody)[0] if melody else 0
        notes = [(a - start, b - start, p) for a, b, p, _ in melody if b > start]
        voice, at = np.zeros(FRAMES), int(rng.uniform(0, 1) * RATE)
        singer = rng.choice(self.speech)
        while at < FRAMES:
            clip = read_audio(singer).mean(0)[: 8 * RATE]
            sound = sounds.sing_again(clip, [(a - at / RATE, b - at / RATE, p) for a, b, p in notes], rng) if kind < 0.92 else clip
            count = min(len(sound), FRAMES - at)
            voice[at:at + count] += sound[:count] / (np.sqrt((sound ** 2).mean()) + 1e-6) * 0.1
            at += count + int(abs(rng.gauss(0, 0.6)) * RATE)
            singer = singer if rng.random() < 0.7 else rng.choice(self.speech)
        out = np.stack([voice, voice])
        if rng.random() < 0.35:  # doubled, left and right
            for side in (0, 1):
                out[side] += rng.uniform(0.2, 0.7) * np.roll(voice, int(rng.uniform(0.012, 0.035) * RATE))
        # As voices are produced: less low end, compressed.
        out = signal.lfilter(*signal.butter(2, rng.uniform(70, 180) / (RATE / 2), "high"), out)
        envelope = np.sqrt(signal.lfilter([0.0005], [1, -0.9995], (out ** 2).mean(0))) + 1e-4
        out = out * envelope ** -rng.uniform(0, 0.6)
        out = self.room(normalised(saturate(shelf(out, rng), rng.uniform(0.3, 3))), rng, rng.uniform(0.02, 0.6))
        return place(out, rng.gauss(0, 0.05) if rng.random() < 0.85 else rng.uniform(-0.5, 0.5), rng.uniform(0.3, 1.3))

    def groove_notes(self, rng):
        tracks = midi_tracks(self.groove.extractfile(rng.choice(self.grooves)).read())
        notes = [n for track in tracks.values() for n in track]
        start = rng.uniform(0, max(0, max((n[0] for n in notes), default=0) - SECONDS))
        return [(a - start, b - start, p, v) for a, b, p, v in notes]

    def pattern_notes(self, rng):
        """Dance patterns: four on the floor, trap or broken beats."""
        step = 60 / rng.uniform(84, 150) / 4
        kind = rng.choice(["house", "trap", "broken", "rock"])
        kicks = {"house": {0, 4, 8, 12}, "trap": {0, 7, 10}, "broken": {0, 6, 10}, "rock": {0, 8, 10}}[kind]
        snares = {"house": {4, 12}, "trap": {8}, "broken": {4, 12}, "rock": {4, 12}}[kind]
        notes = []
        for k in range(int(SECONDS / step)):
            t, place_ = k * step, k % 16
            if place_ in kicks or rng.random() < 0.04:
                notes.append((t, t + 0.1, 36, 110 + rng.randint(-10, 10)))
            if place_ in snares or rng.random() < 0.02:
                notes.append((t, t + 0.1, 38, 105 + rng.randint(-15, 15)))
            if place_ % 4 == 2 and kind == "house":
                notes.append((t, t + 0.1, 46, 90))
            if rng.random() < (0.85 if kind == "trap" else 0.5) or place_ % 2 == 0:
                for part in range(rng.choice([1, 1, 1, 2, 3]) if kind == "trap" else 1):
                    notes.append((t + part * step / 3, t + 0.05, 42, 70 + rng.randint(-25, 25)))
            if k % 64 == 0 and rng.random() < 0.5:
                notes.append((t, t + 1, 49, 100))
        return notes

    def drums(self, rng):
        kind = rng.random()
        if kind < 0.45:
            return super().drums(rng)
        notes = self.groove_notes(rng) if kind < 0.8 else self.pattern_notes(rng)
        if rng.random() < 0.3:
            out = render_midi(notes, rng.choice(KITS), rng.choice(self.fonts), True)
        else:
            out = sounds.play_hits(notes, self.kits[rng.choice(sorted(self.kits))], FRAMES, rng)
        out = saturate(shelf(normalised(out), rng), rng.uniform(0.3, 5))
        if rng.random() < 0.5:
            out = self.room(out, rng, rng.uniform(0.02, 0.25))
        return place(out, rng.gauss(0, 0.04), rng.uniform(0.3, 1.3))

    def harmony(self, rng):
        """Everything else and the bass, of one song."""
        tracks, chords = self.song(rng)
        last = max((n[1] for n in tracks.get("PIANO", [])), default=SECONDS)
        start = rng.uniform(0, max(0, last - SECONDS))
        speed = rng.uniform(0.75, 1.35)
        transpose = rng.randint(-5, 5)
        move = lambda notes: [((a - start) / speed, (b - start) / speed, p + transpose, v) for a, b, p, v in notes]
        window = [(a, b, r, t) for a, b, r, t in chords if b > start and a < start + SECONDS * speed]
        other = np.zeros((2, FRAMES))
        layers = rng.sample(["comping", "comping", "lead", "pad", "arp", "power", "strum"], rng.choice([1, 2, 2, 3, 3, 4]))
        for layer in layers:
            wet, side = rng.uniform(0, 0.35), rng.choice([-1, 1]) * rng.uniform(0.2, 1)
            gain = 10 ** (rng.gauss(0, 3) / 20)
            if layer == "comping":
                audio = self.player(rng, COMPING, sounds.OTHER_SETS)(move(tracks.get("PIANO", [])))
                other += gain * self.finish(audio, rng, 0 if rng.random() < 0.4 else side * 0.7, rng.uniform(0, 1.6), wet)
            elif layer == "lead":
                audio = self.player(rng, LEADS, sounds.OTHER_SETS)(move(tracks.get(rng.choice(["BRIDGE", "MELODY"]), [])))
                other += gain * self.finish(audio, rng, rng.uniform(-0.5, 0.5), rng.uniform(0.3, 1.2), wet)
            elif layer == "pad":
                notes = [(a, b, 60 + (r + i) % 12, 80) for a, b, r, t in window for i in t]
                audio = self.player(rng, SUSTAINED, ("pizzicato_strings", "eguitar_clean_DI"))(move(notes))
                other += gain * self.finish(audio, rng, 0, rng.uniform(0.8, 2), wet)
            elif layer == "arp":
                step = rng.choice([0.125, 0.167, 0.25])
                notes = [(t0, t0 + step * 0.9, rng.choice([48, 60, 72]) + (r + t[k % len(t)]) % 12, 90)
                         for a, b, r, t in window for k, t0 in enumerate(np.arange(a, b - 0.02, step))]
                other += gain * self.finish(self.player(rng, COMPING, sounds.OTHER_SETS)(move(notes)), rng, side * 0.6, rng.uniform(0, 1.6), wet)
            else:
                step = rng.choice([0.25, 0.3, 0.36, 0.5, 1])
                tones = (0, 7, 12) if layer == "power" else None
                base = 40 if layer == "power" else 52
                notes = [(t0 + 0.01 * k, t0 + step * 0.9, base + (r - 4) % 12 + i if tones else base + (r + i) % 12, 80 + rng.randint(-10, 30))
                         for a, b, r, t in window for t0 in np.arange(a, b - 0.05, step) if rng.random() < 0.85 for k, i in enumerate(tones or t)]
                play = self.player(rng, GUITARS, ("eguitar_clean_DI", "eguitar_archtop_electric", "steel_guitar", "nylon_guitar"))
                for way in (side, -side) if rng.random() < 0.6 else (side,):
                    audio = play(move([(a + rng.gauss(0, 0.008), b, p, v) for a, b, p, v in notes]))
                    if layer == "power":
                        audio = saturate(normalised(audio), rng.uniform(8, 40))
                        audio = signal.lfilter(*signal.butter(2, rng.uniform(3000, 6500) / (RATE / 2)), audio)
                    other += gain * self.finish(audio, rng, way, rng.uniform(0, 0.5), wet * 0.5)
        step, octave = rng.choice([0.25, 0.3, 0.5, 0.6, 1.0, 2.0]), rng.choice([0, 12])
        line = []
        for a, b, r, _ in window:
            root = 28 + (r - 4 + transpose) % 12 - transpose
            for t0 in np.arange(a, b - 0.05, step):
                if rng.random() < 0.85:
                    line.append((t0, min(t0 + step * rng.uniform(0.5, 1.0), b), root + rng.choice([0, 0, 0, 0, 7, 12, octave, 5]), 90 + rng.randint(0, 30)))
        bass = self.player(rng, BASSES, sounds.BASS_SETS, True)(move(line))
        bass = saturate(shelf(normalised(bass), rng), 10 ** rng.uniform(-0.5, 1.3))
        return other, place(bass, rng.gauss(0, 0.03), rng.uniform(0, 0.5))


def make(sources, seed):
    rng = random.Random(seed)
    other, bass = sources.harmony(rng)
    stems = {"drums": sources.drums(rng), "bass": bass, "other": other, "vocals": sources.vocals(rng)}
    return np.stack([normalised(fit(stems[name])) for name in STEMS]).astype(np.float16)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fonts", nargs="+", default=["/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf3/MuseScore_General.sf3"])
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    sources = LiteSources(args.datasets, args.fonts)
    for k in range(args.count):
        path = f"{args.out}/{args.seed}-{k:04d}.npy"
        if not os.path.exists(path):
            np.save(path + ".part.npy", make(sources, args.seed * 100000 + k))
            os.replace(path + ".part.npy", path)
            print(path, flush=True)


if __name__ == "__main__":
    main()
