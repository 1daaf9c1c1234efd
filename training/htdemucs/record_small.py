#!/usr/bin/env python3
"""Makes the toy networks of two other contracts, and what PyTorch gives for the one with a transform.

  python record_small.py --out ../../fixtures/htdemucs       (needs torch, onnx)

mdx.onnx: spectrum in, spectrum out [1,4,200,32], two convolutions and a gate, for transforms of 512 at a hop of 128;
mdx.json: samples of its stem for a segment that both sides compute, by torch.stft and torch.istft, edges dropped.
free.onnx: wave in [1,2,N], two stems out [1,2,2,N], any N: a symmetric low-pass of 33 taps, and what it leaves.
"""
import argparse, json
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

FFT, HOP, BINS, FRAMES = 512, 128, 200, 32
SILENCED, GAIN = 3, 1.05
POSITIONS = 60


class Toy(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(4, 8, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x):
        return x * torch.sigmoid(self.b(torch.tanh(self.a(x))))


def song(frames):
    """Two channels of sines and seeded noise; song() in the test does the same."""
    i = np.arange(frames)
    state, noise = 1, np.zeros((2, frames))
    for n in range(frames):
        for c in range(2):
            state = (state * 48271) % 2147483647
            noise[c, n] = 2 * state / 2147483647 - 1
    tones = [0.3 * np.sin(2 * np.pi * hz * i / 44100) for hz in (220.0, 331.0)]
    return (np.stack(tones) + 0.1 * noise).astype(np.float32)


def separate(net, x):
    window = torch.hann_window(FFT)
    z = torch.stft(torch.from_numpy(x), FFT, HOP, window=window, center=True, pad_mode="reflect", return_complex=True)
    planes = torch.stack([z.real, z.imag], 1).reshape(1, 4, FFT // 2 + 1, FRAMES)[:, :, :BINS].clone()
    planes[:, :, :SILENCED] = 0
    out = torch.zeros(1, 4, FFT // 2 + 1, FRAMES)
    out[:, :, :BINS] = net(planes)
    pair = out.reshape(2, 2, FFT // 2 + 1, FRAMES)
    y = torch.istft(torch.complex(pair[:, 0], pair[:, 1]), FFT, HOP, window=window, center=True)
    return GAIN * y[:, FFT // 2:-(FFT // 2)].numpy()


def free_model(path):
    taps = np.hanning(35)[1:-1]
    kernel = np.repeat((taps / taps.sum()).astype(np.float32)[None, None], 2, 0)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["mix", "kernel"], ["low"], group=2, pads=[16, 16]),
         helper.make_node("Sub", ["mix", "low"], ["high"]),
         helper.make_node("Unsqueeze", ["low", "axis"], ["a"]), helper.make_node("Unsqueeze", ["high", "axis"], ["b"]),
         helper.make_node("Concat", ["a", "b"], ["stems"], axis=1)],
        "free",
        [helper.make_tensor_value_info("mix", TensorProto.FLOAT, [1, 2, "N"])],
        [helper.make_tensor_value_info("stems", TensorProto.FLOAT, [1, 2, 2, "N"])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(np.array([1], np.int64), "axis")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    out = parser.parse_args().out
    free_model(f"{out}/free.onnx")
    torch.manual_seed(0)
    net = Toy().eval()
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(2)
        torch.onnx.export(net, (torch.zeros(1, 4, BINS, FRAMES),), f"{out}/mdx.onnx", dynamo=False,
                          input_names=["input"], output_names=["output"], opset_version=17)
        y = separate(net, song(HOP * (FRAMES - 1)))
    at = np.unique(np.linspace(0, y.shape[1] - 1, POSITIONS).astype(int))
    json.dump({"frames": y.shape[1], "positions": at.tolist(), "values": [[float(f"{v:.8g}") for v in c] for c in y[:, at]]},
              open(f"{out}/mdx.json", "w"))


if __name__ == "__main__":
    main()
