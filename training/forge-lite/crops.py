#!/usr/bin/env python3
"""Mixes and masters raw songs into training crops: mid and side of four stems, 6 s, as .npy of float16 [4, 2, frames].

  python crops.py --songs DIR --out DIR --count 4000 --seed 1 [--held]

Half of the crops keep a song together, the others take each stem from a song of its own. Stems get levels, tone and speed;
the sum gets a bus compressor's, limiter's and clipper's gain, found on the mix and applied to all stems, a tone, and at times a
lossy codec's cut-off. Every tenth raw song is held out: crops come from the others, with --held from those alone.
"""
import argparse, glob, os, random, sys

import numpy as np
from scipy import signal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "separator"))
from data import RATE, limiter_gain, shelf
from sounds import play_sub_bass

FRAMES = 6 * RATE
HELD_STEP = 10
SUB_BASS_SHARE = 0.5


def holds_low_tones(drums):
    """Whether drums [2, frames] hold tones below 80 Hz: loops that bring a bass along, which would teach that it is drums."""
    low = signal.sosfilt(signal.butter(4, 80 / (RATE / 2), output="sos"), drums.mean(0))
    power = (low[: len(low) // 2205 * 2205].reshape(-1, 2205) ** 2).mean(1)
    share = power.mean() / ((drums ** 2).mean() + 1e-9)
    return share > 0.2 and (power > 0.1 * np.percentile(power, 95)).mean() > 0.5


def part(path, stem, start, speed):
    song = np.load(path, mmap_mode="r")
    need = int(FRAMES * speed) + 2
    start = min(start, song.shape[2] - need)
    audio = np.asarray(song[stem, :, start:start + need], np.float64)
    if abs(speed - 1) < 1e-6:
        return audio[:, :FRAMES]
    at = np.arange(FRAMES) * speed
    return np.stack([np.interp(at, np.arange(need), channel) for channel in audio])


def compressor_gain(mix, rng):
    power = signal.lfilter([0.0003], [1, -0.9997], (mix ** 2).mean(0))
    level_db = 10 * np.log10(power + 1e-8)
    threshold = np.percentile(level_db, rng.uniform(30, 80))
    return 10 ** (-np.maximum(0, level_db - threshold) * (1 - 1 / rng.uniform(1.2, 3)) / 20)


def make(paths, rng):
    """A crop; None where nothing sounds."""
    speed, start = 1.0 if rng.random() < 0.5 else rng.uniform(0.88, 1.13), rng.randint(0, 5 * RATE)
    path = rng.choice(paths)
    is_together = rng.random() < 0.5
    stems = []
    for stem in range(4):
        if not is_together:
            path, start = rng.choice(paths), rng.randint(0, 5 * RATE)
            speed = 1.0 if rng.random() < 0.5 else rng.uniform(0.88, 1.13)
        audio = part(path, stem, start, speed)
        if stem == 0 and holds_low_tones(audio):
            return None
        if stem == 1 and rng.random() < SUB_BASS_SHARE:
            audio = play_sub_bass(FRAMES, rng)
        if stem == 2 and rng.random() < 0.15:
            audio = audio + part(rng.choice(paths), stem, start, speed)
        audio = shelf(audio, rng)
        level_db = rng.gauss((-19, -19.5, -19, -19)[stem], 4)
        audio = audio * 10 ** (level_db / 20) / (np.sqrt((audio ** 2).mean()) + 1e-4)
        if rng.random() < (0.08, 0.1, 0.05, 0.15)[stem]:
            audio = audio * 0
        elif rng.random() < 0.12:  # comes in or leaves within the crop
            at, fade = rng.randint(RATE, FRAMES - RATE), int(0.05 * RATE)
            ramp = np.clip((np.arange(FRAMES) - at) / fade, 0, 1)
            audio = audio * (ramp if rng.random() < 0.5 else 1 - ramp)
        if rng.random() < 0.5:
            audio = audio[::-1]
        stems.append(audio)
    audio = np.stack(stems)
    if not np.any(audio):
        return None
    if rng.random() < 0.6:
        audio = audio * compressor_gain(audio.sum(0), rng)
    for _ in range(rng.choice([0, 1, 1])):
        seed = rng.random()
        audio = np.stack([shelf(stem, random.Random(seed)) for stem in audio])
    mix = audio.sum(0)
    ceiling = np.quantile(np.abs(mix), rng.uniform(0.95, 1)) + 1e-6
    if rng.random() < 0.75:
        audio = audio * limiter_gain(mix, ceiling)
    else:
        audio = audio * (np.tanh(mix / ceiling / 1.5) * ceiling * 1.5 / (mix + 1e-12 * np.sign(mix) + 1e-15))
    if rng.random() < 0.25:
        audio = signal.sosfilt(signal.butter(8, rng.choice([11000, 15000, 16000, 17000]) / (RATE / 2), output="sos"), audio)
    audio = audio * (0.5 / (np.abs(audio.sum(0)).max() + 1e-9))
    return np.stack([(audio[:, 0] + audio[:, 1]) / 2, (audio[:, 0] - audio[:, 1]) / 2], 1).astype(np.float16)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held", action="store_true")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    for k in range(args.count):
        path = f"{args.out}/{args.seed}-{k:05d}.npy"
        if os.path.exists(path):
            continue
        # Looked up anew for each crop: songs may still be being rendered.
        songs = [p for p in sorted(glob.glob(args.songs + "/*.npy")) if not p.endswith(".part.npy")]
        is_held = lambda p: int(p.rsplit("-", 1)[1][:-4]) % HELD_STEP == 0
        crop = make([p for p in songs if is_held(p) == args.held], random.Random(args.seed * 1000003 + k))
        if crop is not None:
            np.save(path + ".part.npy", crop)
            os.replace(path + ".part.npy", path)


if __name__ == "__main__":
    main()
