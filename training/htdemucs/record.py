#!/usr/bin/env python3
"""Records what PyTorch's demucs gives for the toy networks, for test/models/separation/htdemucs.test.ts.

  python record.py --out ../../fixtures/htdemucs       (needs torch, demucs, onnx, onnxruntime)

Writes toy4.onnx, toy6.onnx (export.py --toy), wave.onnx (a network of the one-input contract whose stems are the mix
times 0.5, -0.25, 1 and 0) and reference.json: samples of demucs.apply.apply_model on a song that both sides compute.
"""
import argparse, json, os, subprocess, sys
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import demucs.apply
from demucs.apply import apply_model
from export import random_model
from reference import ispec, spec

RATE = 44100
SEGMENT = 343980
POSITIONS = 40
OFFSETS = (12345, 777)
LENGTHS = (2, 9000, 22050, 22491, 60000)
WAVE_GAINS = (0.5, -0.25, 1.0, 0.0)


def song(frames):
    """Two channels of sines and seeded noise; song() in the test does the same."""
    i = np.arange(frames)
    state, noise = 1, np.zeros((2, frames))
    for n in range(frames):
        for c in range(2):
            state = (state * 48271) % 2147483647
            noise[c, n] = 2 * state / 2147483647 - 1
    tones = [0.3 * np.sin(2 * np.pi * hz * i / RATE) for hz in (220.0, 331.0)]
    return (np.stack(tones) + 0.1 * noise).astype(np.float32)


def separate(model, x, offsets):
    t = torch.from_numpy(x)
    ref = t.mean(0)
    mean, std = ref.mean(), ref.std() + 1e-8
    view = ((t - mean) / std)[None]
    if not offsets:
        out = apply_model(model, view, split=True, overlap=0.25, shifts=0)
    else:
        it = iter(offsets)
        demucs.apply.random.randint = lambda a, b: next(it)
        out = apply_model(model, view, split=True, overlap=0.25, shifts=len(offsets))
    return (out[0] * std + mean).numpy()


def wave_model(path):
    gains = np.array(WAVE_GAINS, np.float32).reshape(1, 4, 1, 1)
    graph = helper.make_graph(
        [helper.make_node("Unsqueeze", ["mix", "axis"], ["wide"]), helper.make_node("Mul", ["wide", "gains"], ["stems"])],
        "wave",
        [helper.make_tensor_value_info("mix", TensorProto.FLOAT, [1, 2, SEGMENT])],
        [helper.make_tensor_value_info("stems", TensorProto.FLOAT, [1, 4, 2, SEGMENT])],
        [numpy_helper.from_array(gains, "gains"), numpy_helper.from_array(np.array([1], np.int64), "axis")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    out = parser.parse_args().out
    os.makedirs(out, exist_ok=True)
    wave_model(f"{out}/wave.onnx")
    cases = []
    for stems in (4, 6):
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.run([sys.executable, f"{here}/export.py", "--random", str(stems), "--toy", "--out", f"{out}/toy{stems}.onnx"], check=True)
        model = random_model(stems, 0, True)
        for frames in LENGTHS if stems == 4 else LENGTHS[-1:]:
            for offsets in ((), OFFSETS):
                y = separate(model, song(frames), offsets)
                at = np.unique(np.linspace(0, frames - 1, POSITIONS).astype(int))
                values = [[[float(f"{v:.8g}") for v in channel] for channel in stem] for stem in y[:, :, at]]
                cases.append({"stems": stems, "frames": frames, "offsets": offsets, "positions": at.tolist(), "values": values})
    # The transform of a whole segment of 7.8 s: some bins, and the inverse of the same spectrum.
    x = song(SEGMENT)
    z = spec(x)
    bins = [[int(k), int(f), int(t)] for k, f, t in zip(range(20), np.linspace(0, 2047, 20), np.linspace(0, 335, 20))]
    transform = {"bins": [[k % 4, f, t] for k, f, t in bins], "values": [float(f"{z[k % 4, f, t]:.8g}") for k, f, t in bins]}
    back = ispec(z * np.linspace(1, 0, 2048, dtype=np.float32)[None, :, None])
    at = np.linspace(0, SEGMENT - 1, 50).astype(int)
    transform["positions"] = at.tolist()
    transform["inverse"] = [[float(f"{v:.8g}") for v in channel] for channel in back[:, at]]
    json.dump({"cases": cases, "transform": transform}, open(f"{out}/reference.json", "w"))


if __name__ == "__main__":
    main()
