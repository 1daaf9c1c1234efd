#!/usr/bin/env python3
"""Exports a checkpoint to ONNX with weights of 16 bits, checks it against PyTorch and prints what the model card needs.

  python export.py --checkpoint OUT/checkpoint.pt --onnx forge-lite.onnx [--record FILE.json]

The network takes `powers` [3, frames, BINS] (|M|², |S|², Re(M·S*)) and gives `shares` [2, 4, frames − 2·MARGIN, BINS] of the
mid and the side: drums, bass, other, vocals, which sum to 1.
"""
import argparse, hashlib, json

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper
from model import BINS, MARGIN, Network, shares


RECORDED_STEP = 40


class Exported(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, powers):
        votes = self.network(powers[None], True)[0].unflatten(0, (2, 4))
        powers = torch.exp(votes - votes.amax(1, keepdim=True))
        return powers / powers.sum(1, keepdim=True)


def halve(model):
    """Weights as float16, cast to float32 when the network is loaded."""
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < 64:
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_half"))
        casts.append(helper.make_node("Cast", [name + "_half"], [name], to=onnx.TensorProto.FLOAT))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)


def load(checkpoint):
    network = Network()
    if checkpoint != "random":
        state = torch.load(checkpoint)["mean"]
        network.load_state_dict({name.removeprefix("module."): value for name, value in state.items() if name.startswith("module.")})
    return network.eval()


def made_powers(frames):
    """Powers that test/models/separation/share-network.test.ts makes in the same way."""
    index = np.arange(3 * frames * BINS, dtype=np.float64)
    return torch.from_numpy(((np.abs(np.sin(index * 12.9898) * 43758.5453) % 1) ** 4 * 100).astype(np.float32)).reshape(3, frames, BINS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True, help="or `random`")
    parser.add_argument("--onnx", required=True)
    parser.add_argument("--record", help="where PyTorch's shares of made powers go, of every RECORDED_STEP-th bin")
    args = parser.parse_args()
    exported = Exported(load(args.checkpoint)).eval()
    powers = torch.rand(3, 2 * MARGIN + 24, BINS) ** 4 * 100
    torch.onnx.export(exported, (powers,), args.onnx, input_names=["powers"], output_names=["shares"], opset_version=17, dynamo=False,
                      dynamic_axes={"powers": {1: "frames"}, "shares": {2: "inner"}})
    model = onnx.load(args.onnx)
    halve(model)
    onnx.save(model, args.onnx)
    for frames in (24, 57):
        powers = torch.rand(3, 2 * MARGIN + frames, BINS) ** 4 * 100
        with torch.no_grad():
            expected = exported(powers).numpy()
        session = onnxruntime.InferenceSession(args.onnx, providers=["CPUExecutionProvider"])
        got = session.run(None, {"powers": powers.numpy()})[0]
        print(f"{frames} frames: shape {got.shape}, largest difference {np.abs(got - expected).max():.1e}")
    if args.record:
        with torch.no_grad():
            recorded = exported(made_powers(2 * MARGIN + 2))[:, :, :, ::RECORDED_STEP]
        json.dump(dict(shape=list(recorded.shape), shares=[round(x, 5) for x in recorded.flatten().tolist()]), open(args.record, "w"))
    data = open(args.onnx, "rb").read()
    print(f"bytes: {len(data)}\nsha256: {hashlib.sha256(data).hexdigest()}\nparameters: {sum(p.numel() for p in exported.parameters())}")


if __name__ == "__main__":
    main()
