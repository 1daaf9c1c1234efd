#!/usr/bin/env python3
"""Judges a checkpoint on real songs: SI-SDR improvement over the mix in dB, stereo as one vector, by song and stem.

  python evaluate.py --shared ../../../shared --checkpoint OUT/checkpoint.pt [--raw DIR]

Songs are those of bench/separation/songs.ts (26 s of each multitrack from 20 s on, and 30 s of a real band). None of them, and no
song of their album, is in the training data.
"""
import argparse, glob, os, re, sys

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "separator"))
from data import RATE, read_audio
from model import BINS, HOP, SIZE, STEMS, Network, powers_of, shares, stft

START, SECONDS = 20, 26


def songs(shared):
    songs = {}
    for path in sorted(glob.glob(f"{shared}/datasets/separation/multitrack/*/*.ogg")):
        name, stem = re.search(r"([^/]+)__([a-z]+)[^/]*\.ogg$", path).groups()
        audio = read_audio(path)[:, START * RATE:(START + SECONDS) * RATE]
        stems = songs.setdefault(name, {})
        if stem in stems:
            n = min(audio.shape[1], stems[stem].shape[1])
            audio = audio[:, :n] + stems[stem][:, :n]
        stems[stem] = audio
    for stems in songs.values():
        if "bass" not in stems:
            stems["bass+other"] = stems.pop("other")
    band = {name: read_audio(f"{shared}/audio/stems-band30/{name}30.mp3") for name in ("Vocals", "BassDrums", "Guitar", "PianoSynth")}
    n = min(a.shape[1] for a in band.values())
    songs["band30"] = {"vocals": band["Vocals"][:, :n], "drums+bass": band["BassDrums"][:, :n], "other": band["Guitar"][:, :n] + band["PianoSynth"][:, :n]}
    for name, stems in songs.items():
        n = min(a.shape[1] for a in stems.values())
        songs[name] = {stem: a[:, :n] for stem, a in stems.items()}
    return songs


def si_sdr(reference, estimate):
    a, b = reference.ravel(), estimate.ravel()
    target = (a @ b) / (a @ a) * a
    return 10 * np.log10((target @ target) / ((b - target) @ (b - target)))


def separate(model, mix):
    """[2, frames] -> {stem: [2, frames]}"""
    middle = torch.from_numpy(np.stack([(mix[0] + mix[1]) / 2, (mix[0] - mix[1]) / 2])).float()
    spectra = stft(middle)
    with torch.no_grad():
        mask = shares(model(powers_of(spectra[:1], spectra[1:])))[0]
    out = {}
    for k, stem in enumerate(STEMS):
        masked = torch.zeros(2, SIZE // 2 + 1, spectra.shape[1], dtype=torch.complex64)
        masked[:, :BINS] = (mask[:, k] * spectra).transpose(1, 2)
        mid, side = torch.istft(masked, SIZE, HOP, window=torch.hann_window(SIZE), length=mix.shape[1]).numpy()
        out[stem] = np.stack([mid + side, mid - side])
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = Network()
    state = torch.load(args.checkpoint)["mean"]
    model.load_state_dict({name.removeprefix("module."): value for name, value in state.items() if name.startswith("module.")})
    model.eval()
    for name, stems in songs(args.shared).items():
        mix = sum(stems.values())
        estimates = separate(model, mix)
        gains = []
        for stem, reference in stems.items():
            if not np.any(reference):
                continue
            estimate = sum(estimates[part] for part in stem.split("+"))
            before = si_sdr(reference, mix)
            gains.append(f"{stem} {si_sdr(reference, estimate) - before:+.1f} (mix {before:+.1f})")
        print(f"{name:28}", ", ".join(gains), flush=True)


if __name__ == "__main__":
    main()
