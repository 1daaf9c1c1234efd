"""Writes a checkpoint as ONNX, operator by operator, and checks it against PyTorch.

    python export.py CHECKPOINT.pt ../../weights/beats/beats.onnx
"""
import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from model import BANDS, DILATIONS, BeatNet


def build(net):
    nodes, weights = [], []

    def constant(name, value):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(op, inputs, **attributes):
        output = f"{op.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def conv(name, layer, source):
        return node("Conv", [source, constant(f"{name}.weight", layer.weight.detach().numpy()), constant(f"{name}.bias", layer.bias.detach().numpy())],
                    strides=list(layer.stride), pads=list(layer.padding) * 2, dilations=list(layer.dilation))

    padded = node("Pad", ["levels", constant("shift", np.array([0, 0, 3, 0, 0, -3], dtype=np.int64))])
    rise = node("Mul", [node("Relu", [node("Sub", ["levels", padded])]), constant("three", np.array(3.0, dtype=np.float32))])
    x = node("Elu", [conv("front", net.front, node("Concat", ["levels", rise], axis=1))])
    x = node("Elu", [conv("second", net.second, x)])
    for k, block in enumerate(net.blocks):
        x = node("Add", [x, conv(f"block{k}.mix", block.mix, node("Elu", [conv(f"block{k}.spread", block.spread, x)]))])
    x = conv("head", net.head, node("Elu", [x]))
    nodes.append(helper.make_node("Sigmoid", [x], ["activations"]))
    graph = helper.make_graph(nodes, "beats", [helper.make_tensor_value_info("levels", TensorProto.FLOAT, [1, BANDS, "frames"])],
                              [helper.make_tensor_value_info("activations", TensorProto.FLOAT, [1, 4, "beatFrames"])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    net = BeatNet().eval()
    assert len(net.blocks) == len(DILATIONS)
    net.load_state_dict(torch.load(args.checkpoint, map_location="cpu")["net"])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(build(net), args.out)
    levels = torch.rand(1, BANDS, 3000)
    with torch.no_grad():
        expected = torch.sigmoid(net(levels)).numpy()
    got = onnxruntime.InferenceSession(str(args.out)).run(None, {"levels": levels.numpy()})[0]
    print(args.out, args.out.stat().st_size, "bytes; largest difference", float(np.abs(expected - got).max()))
    if np.abs(expected - got).max() > 1e-4:
        raise SystemExit("the exported network differs from PyTorch")


if __name__ == "__main__":
    main()
