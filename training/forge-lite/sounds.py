"""Sources of single notes, hits and voices beside General MIDI sound fonts: sampled instruments, drum kits of recorded hits,
oscillators, and speech that is sung again on a melody (WORLD). All give [2, frames] or [frames] float64 at 44.1 kHz.
"""
import json
import os
import re
import sys

import numpy as np
import pyworld
from scipy import signal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "separator"))
from data import RATE, read_audio

NOTES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
BASS_SETS = ("ebass_yr_finger", "ebass_yr_pick", "synth_bass_1", "ebass_killer_finger", "ebass_growly_sustain", "double_bass_pizz",
             "ebass6_fingered_flatwound", "ebass6_picked_flatwound")
OTHER_SETS = ("nylon_guitar", "upright_piano_vH", "grand_piano_salamander", "pizzicato_strings", "steel_guitar", "eguitar_clean_DI", "eguitar_archtop_electric")
# First match wins.
HIT_RULES = [("skip", r"roll|semi|swish|choke|zap|fx|loop|vinyl|mehackit|glass"), ("hat_open", r"open|_op\b|hat.op|ohh?_"), ("hat", r"hat|hh|closed|tamb|cabasa|maraca|shak"),
             ("kick", r"kick|bass_drum|_bd|^bd|drum_bass|drum_heavy"), ("snare", r"snare|_sd|^sd|_sn|rim|stick|clap|_cp"),
             ("tom", r"tom|conga|bongo|_lt|_mt|_ht"), ("cymbal", r"crash|cymb|splash|ride|_cr|_rd")]
GM_HIT = {35: "kick", 36: "kick", 37: "snare", 38: "snare", 39: "snare", 40: "snare", 41: "tom", 43: "tom", 45: "tom", 47: "tom", 48: "tom", 50: "tom",
          42: "hat", 44: "hat", 46: "hat_open", 49: "cymbal", 51: "cymbal", 52: "cymbal", 53: "cymbal", 55: "cymbal", 57: "cymbal", 59: "cymbal"}


def strongest_period_hz(samples):
    """Fundamental of a note by its autocorrelation, 25 Hz to 2 kHz."""
    part = samples[int(0.05 * RATE):][:16384]
    if len(part) < 4096:
        return None
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 65536)) ** 2
    correlation = np.fft.irfft(spectrum)
    low, high = RATE // 2000, RATE // 25
    lag = low + int(np.argmax(correlation[low:high] * np.linspace(1, 0.9, high - low)))
    return RATE / lag


class SampledInstruments:
    """Notes of recorded instruments by linear resampling of the nearest recorded pitch."""

    def __init__(self, root, entries):
        self.sets = {}
        for entry in entries:
            if (name := entry.get("instrument")) is not None:
                self.sets.setdefault(name, []).append(os.path.join(root, entry["file"]))
        self.loaded = {}

    def notes_of(self, name):
        if name not in self.loaded:
            notes = []
            for path in self.sets[name]:
                match = re.search(r"_([a-gA-G])([sb#]?)(\d?)", path.rsplit("__", 1)[-1].join(["_", ""]))
                audio = read_audio(path).mean(0)
                hz = strongest_period_hz(audio)
                if match is None or hz is None:
                    continue
                pitch_class = (NOTES[match[1].lower()] + {"s": 1, "#": 1, "b": -1}.get(match[2], 0)) % 12
                measured = 69 + 12 * np.log2(hz / 440)
                pitch = pitch_class + 12 * round((measured - pitch_class) / 12)
                if abs(pitch - measured) < 1.5 and pitch < 90:
                    notes.append((pitch, audio / (np.sqrt((audio[: RATE] ** 2).mean()) + 1e-9) * 0.1))
            self.loaded[name] = notes
        return self.loaded[name]

    def play(self, notes, name, frames, rng):
        out = np.zeros(frames)
        recorded = self.notes_of(name)
        if not recorded:
            return np.zeros((2, frames))
        for start, end, pitch, velocity in notes:
            at = int(start * RATE)
            if not 0 <= at < frames:
                continue
            nearest = min(abs(p - pitch) for p, _ in recorded)
            source_pitch, samples = rng.choice([note for note in recorded if abs(note[0] - pitch) == nearest])
            speed = 2 ** ((pitch - source_pitch) / 12)
            count = min(int(len(samples) / speed), int((end - start + 0.08) * RATE), frames - at)
            if count < 64:
                continue
            sound = np.interp(np.arange(count) * speed, np.arange(len(samples)), samples)
            fade = min(count, int(0.06 * RATE))
            sound[count - fade:] *= np.linspace(1, 0, fade)
            out[at:at + count] += sound * (velocity / 100) ** 1.5
        return np.stack([out, out])


def saw(hz, count, phase):
    cycle = (np.arange(count) * hz / RATE + phase) % 1
    return 2 * cycle - 1


def play_synth(notes, frames, rng, is_bass):
    """Detuned saws or squares through a swept low pass, or a gliding sine for a bass."""
    out = np.zeros((2, frames))
    kind = rng.choice(["saw", "saw", "square", "pluck", "fm", "sine", "808"] if is_bass else ["saw", "saw", "square", "pluck", "pad"])
    voices = 1 if is_bass and rng.random() < 0.5 else rng.choice([2, 3, 5, 7])
    detune = rng.uniform(0.02, 0.25)
    cutoff = 10 ** (rng.uniform(2.0, 3.8) if is_bass else rng.uniform(2.7, 4.0))
    decay = rng.uniform(0.05, 0.4) if kind == "pluck" else rng.uniform(0.2, 3)
    attack = rng.uniform(0.05, 0.4) if kind == "pad" else 0.004
    ratio, index = rng.choice([1, 1, 2, 3]), rng.uniform(0.5, 6)
    wobble_hz = rng.choice([0, 0, 0, 2, 3, 4, 6]) if is_bass else 0
    for start, end, pitch, velocity in notes:
        at = int(start * RATE)
        count = min(int((end - start + 0.05) * RATE), frames - at)
        if at < 0 or count < 256:
            continue
        time = np.arange(count) / RATE
        hz = 440 * 2 ** ((pitch - 69) / 12)
        if kind in ("sine", "808"):
            glide = 1 + (0.6 * np.exp(-time / 0.03) if kind == "808" else 0)
            tone = np.sin(2 * np.pi * np.cumsum(hz * glide) / RATE)
            stereo = np.stack([tone, tone])
        elif kind == "fm":
            swing = index * np.exp(-time / decay) * np.sin(2 * np.pi * ratio * hz * time)
            stereo = np.stack([np.sin(2 * np.pi * hz * time + swing)] * 2)
        else:
            stereo = np.zeros((2, count))
            for voice in range(voices):
                spread = 0 if voices == 1 else 2 * voice / (voices - 1) - 1
                tone = saw(hz * 2 ** (detune * spread / 12), count, rng.random())
                if kind == "square":
                    tone = np.sign(tone) * 0.7
                side = 0 if is_bass else spread
                stereo += np.stack([tone * (1 - 0.8 * side) / 2, tone * (1 + 0.8 * side) / 2])
            # Two cutoffs, cross-faded, for a sweep.
            bright, dark = (signal.lfilter(*signal.butter(2, min(0.45, c / RATE), fs=1), stereo) for c in (cutoff * 3, cutoff / 1.5))
            fall = np.exp(-time / decay) if wobble_hz == 0 else 0.5 + 0.5 * np.sin(2 * np.pi * wobble_hz * (time + start))
            stereo = fall * bright + (1 - fall) * dark
        level = np.minimum(1, time / attack) * (np.exp(-time / decay) if kind in ("pluck", "808") else 1)
        tail = min(count, int(0.03 * RATE))
        level[count - tail:] *= np.linspace(1, 0, tail)
        out[:, at:at + count] += stereo * level * (velocity / 100) ** 1.5
    return out


def play_sub_bass(frames, rng):
    """A line of deep tones, held or decaying, with glides and some overtones, as electronic music has them."""
    out = np.zeros(frames)
    root, at, last = rng.randint(23, 36), rng.uniform(0, 0.5), None
    scale = [0, 0, 0, 3, 5, 7, 10, 12, -2]
    decay = rng.choice([0, 0.3, 1, 2])
    attack, drive, drop = rng.uniform(0.003, 0.04), 10 ** rng.uniform(-0.5, 1.2), rng.choice([0, 0, 0.5, 1.5])
    unit = rng.uniform(0.18, 0.5)
    while at < frames / RATE:
        length = unit * rng.choice([1, 1, 2, 3, 4, 8])
        count = min(int(length * RATE), frames - int(at * RATE))
        pitch = root + rng.choice(scale)
        time = np.arange(count) / RATE
        hz = 440 * 2 ** ((pitch - 69) / 12) * (1 + drop * np.exp(-time / 0.02))
        if last is not None and rng.random() < 0.2:
            hz = hz * 2 ** ((last - pitch) / 12 * np.exp(-time / 0.06))
        level = np.minimum(1, time / attack) * np.exp(-decay * time) * np.minimum(1, (count - np.arange(count)) / (0.02 * RATE))
        out[int(at * RATE):int(at * RATE) + count] = np.sin(2 * np.pi * np.cumsum(hz) / RATE) * level * rng.uniform(0.7, 1)
        last, at = pitch, at + length + (unit * rng.choice([1, 2]) if rng.random() < 0.25 else 0)
    out = np.tanh(drive * out) / np.tanh(drive)
    return np.stack([out, out])


def hit_kits(root, entries):
    """{kit: {piece: [path]}} of recorded hits, kits with a kick, a snare and a hat alone."""
    kits = {}
    for entry in entries:
        folder, name = entry["file"].split("/")[1:3]
        kit = folder + ("/" + re.split(r"[_-]", name)[0] if folder.startswith(("oramics", "stargate")) else "")
        stem = name.rsplit(".", 1)[0].lower()
        piece = next((kind for kind, rule in HIT_RULES if re.search(rule, stem)), "skip")
        if piece != "skip":
            kits.setdefault(kit, {}).setdefault(piece, []).append(os.path.join(root, entry["file"]))
    return {kit: pieces for kit, pieces in kits.items() if {"kick", "snare", "hat"} <= set(pieces)}


def play_hits(notes, kit, frames, rng):
    """General MIDI drum notes by one sample for each piece, moved a little in pitch."""
    out = np.zeros((2, frames))
    chosen = {}
    for piece, paths in kit.items():
        samples = read_audio(rng.choice(paths))
        speed = 2 ** (rng.uniform(-2, 2) / 12)
        count = int(samples.shape[1] / speed)
        pan = 0 if piece in ("kick", "snare") else rng.uniform(-0.6, 0.6)
        gain = {"kick": 1, "snare": 0.8, "hat": 0.35, "hat_open": 0.35, "tom": 0.7, "cymbal": 0.4}[piece] * 10 ** (rng.gauss(0, 2.5) / 20)
        played = np.stack([np.interp(np.arange(count) * speed, np.arange(samples.shape[1]), channel) for channel in samples])
        played *= gain / (np.abs(played).max() + 1e-9)
        chosen[piece] = played * np.array([[1 - max(0, pan)], [1 + min(0, pan)]])
    for start, _, pitch, velocity in notes:
        piece = GM_HIT.get(pitch)
        sound = chosen.get(piece, chosen.get("hat" if piece == "hat_open" else "snare" if piece == "tom" else "hat"))
        at = int(start * RATE)
        if piece is None or not 0 <= at < frames:
            continue
        count = min(sound.shape[1], frames - at)
        out[:, at:at + count] += sound[:, :count] * (velocity / 127) ** 1.3
    return out


def sing_again(speech, melody, rng):
    """Speech [frames] whose voiced parts follow the notes (start s, end s, pitch) of a melody, with glides and vibrato."""
    rate = 22050
    x = signal.resample_poly(speech, 1, 2)
    f0, time = pyworld.dio(x, rate)
    f0 = pyworld.stonemask(x, f0, time, rate)
    envelope = pyworld.cheaptrick(x, f0, time, rate)
    noise = pyworld.d4c(x, f0, time, rate)
    stretch = rng.uniform(1.0, 1.8)
    index = np.minimum(np.arange(int(len(f0) * stretch)) / stretch, len(f0) - 1).astype(int)
    f0, envelope, noise = f0[index], envelope[index], noise[index]
    formant = 2 ** (rng.uniform(-3, 3) / 12)
    bins = np.clip(np.arange(envelope.shape[1]) / formant, 0, envelope.shape[1] - 1).astype(int)
    envelope = np.ascontiguousarray(envelope[:, bins])
    at = np.arange(len(f0)) * 0.005
    target = np.zeros(len(f0))
    centre = rng.choice([48, 52, 55, 60, 64])
    last = centre
    for k, t in enumerate(at):
        note = next((p for start, end, p in melody if start <= t < end), None)
        last = note if note is not None else last
        target[k] = last
    target += 12 * np.round((centre - np.median(target)) / 12)
    smooth = np.exp(-np.arange(12) / 4)
    target = np.convolve(np.pad(target, (11, 0), mode="edge"), smooth / smooth.sum(), mode="valid")
    target += rng.uniform(0.1, 0.5) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * at + rng.random()) * (rng.random() < 0.7)
    sung = np.where(f0 > 0, 440 * 2 ** ((target - 69) / 12), 0)
    y = pyworld.synthesize(sung.astype(np.float64), envelope, noise, rate)
    return signal.resample_poly(y, 2, 1)


def load_manifest(datasets, held_out):
    root = os.path.join(datasets, "separation")
    entries = [e for e in json.load(open(os.path.join(root, "manifest.json"))) if not any(h in e["file"] for h in held_out)]
    return root, {kind: [e for e in entries if e["kind"] == kind] for kind in {e["kind"] for e in entries}}
