#!/usr/bin/env python3
"""The peer of the bench: PyTorch's demucs with the random weights that export.py exports, over one song.

  python torch_peer.py --song song.f32 --out stems.f32 --threads 2

song.f32 holds [2][frames] float32 at 44.1 kHz, stems.f32 gets [4][2][frames]. Prints seconds and peak memory as JSON.
"""
import argparse, json, os, resource, sys, time
import numpy as np
import torch
from demucs.apply import apply_model

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../training/htdemucs"))
from export import random_model

parser = argparse.ArgumentParser()
parser.add_argument("--song", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--threads", type=int, required=True)
a = parser.parse_args()
torch.set_num_threads(a.threads)
model = random_model(4, 0)
x = torch.from_numpy(np.fromfile(a.song, np.float32).reshape(2, -1))
with torch.no_grad():
    started = time.monotonic()
    ref = x.mean(0)
    mean, std = ref.mean(), ref.std() + 1e-8
    y = apply_model(model, ((x - mean) / std)[None], split=True, overlap=0.25, shifts=0)[0] * std + mean
    seconds = time.monotonic() - started
y.numpy().tofile(a.out)
print(json.dumps({"seconds": seconds, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
