"""python export.py RUN_FOLDER WEIGHTS_FOLDER: best.pt -> drummer.onnx (one step, carried state) and styles.json.

The graph is written by hand from plain operators. Weights of input places that training never used are zeroed, so
that a caller may fill in chords without changing what is played. Checks itself against the PyTorch model.
"""
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from layout import HEARD_SIZE, INPUT_SIZE, MIXTURES, UNUSED
from model import HIDDEN, MIN_LOG_SIGMA, Drummer, mixtures


def graph_of(model):
    weights, nodes = {}, []

    def constant(name, value, dtype=np.float32):
        weights[name] = np.asarray(value, dtype)
        return name

    def add(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output] if isinstance(output, str) else output, **attributes))
        return output

    def linear(name, source, weight, bias):
        return add("Gemm", [source, constant(f"{name}.weight", weight.T), constant(f"{name}.bias", bias)], name)

    state = {key: value.detach().numpy() for key, value in model.state_dict().items()}
    embed = state["embed.weight"].copy()
    embed[:, UNUSED] = 0
    add("Concat", ["input", "heard"], "seen", axis=1)
    linear("embedSum", "seen", embed, state["embed.bias"])
    add("Relu", ["embedSum"], "embedded")
    linear("fromInput", "embedded", state["recurrent.weight_ih_l0"], state["recurrent.bias_ih_l0"])
    linear("fromState", "state", state["recurrent.weight_hh_l0"], state["recurrent.bias_hh_l0"])
    add("Split", ["fromInput"], ["resetIn", "updateIn", "newIn"], axis=1, num_outputs=3)
    add("Split", ["fromState"], ["resetState", "updateState", "newState"], axis=1, num_outputs=3)
    for gate in ("reset", "update"):
        add("Sigmoid", [add("Add", [f"{gate}In", f"{gate}State"], f"{gate}Sum")], gate)
    add("Mul", ["reset", "newState"], "kept")
    add("Tanh", [add("Add", ["newIn", "kept"], "newSum")], "candidate")
    add("Sub", ["state", "candidate"], "difference")
    add("Add", ["candidate", add("Mul", ["update", "difference"], "carried")], "nextState")
    add("Concat", ["nextState", "embedded"], "context", axis=1)
    linear("out", "context", state["head.weight"], state["head.bias"])
    constant("sizes", [9, 9 * 3 * MIXTURES, 9 * 3 * MIXTURES], np.int64)
    add("Split", ["out", "sizes"], ["logits", "velocityFlat", "offsetFlat"], axis=1)
    add("Sigmoid", ["logits"], "probability")
    constant("mixtureShape", [-1, 9, 3, MIXTURES], np.int64)
    constant("pieceShape", [-1, 9, 1], np.int64)
    constant("axis3", [3], np.int64)
    constant("flatShape", [-1, 27], np.int64)
    add("Reshape", ["probability", "pieceShape"], "probability3")
    parts = []
    for kind in ("velocity", "offset"):
        add("Reshape", [f"{kind}Flat", "mixtureShape"], f"{kind}Raw")
        names = [f"{kind}{part}" for part in ("Logit", "Mean", "Sigma")]
        add("Split", [f"{kind}Raw"], [f"{name}Raw" for name in names], axis=2, num_outputs=3)
        add("Softmax", [f"{names[0]}Raw"], names[0], axis=3)
        if kind == "velocity":
            add("Sigmoid", [f"{names[1]}Raw"], names[1])
        else:
            add("Mul", [add("Tanh", [f"{names[1]}Raw"], "offsetTanh"), constant("half", 0.5)], names[1])
        constant(f"{kind}Low", MIN_LOG_SIGMA)
        constant(f"{kind}High", 0.0)
        add("Exp", [add("Clip", [f"{names[2]}Raw", f"{kind}Low", f"{kind}High"], f"{kind}LogSigma")], names[2])
        add("Concat", names, f"{kind}Mixture", axis=2)
        add("Mul", names[:2], f"{kind}Weighted")
        add("ReduceSum", [f"{kind}Weighted", "axis3"], f"{kind}Expected", keepdims=0)
        parts.append(f"{kind}Mixture")
    add("Concat", ["probability3", "velocityExpected", "offsetExpected"], "perPiece", axis=2)
    add("Reshape", ["perPiece", "flatShape"], "hits")
    constant("spreadShape", [-1, 2, 9, 3, MIXTURES], np.int64)
    add("Reshape", [add("Concat", parts, "mixtures", axis=1), "spreadShape"], "spread")

    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])

    return helper.make_graph(
        nodes, "drummer",
        [value("input", INPUT_SIZE), value("heard", HEARD_SIZE), value("state", HIDDEN)],
        [value("hits", 27), value("spread", 2, 9, 3, MIXTURES), value("nextState", HIDDEN)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )


def check(path, model):
    """Largest difference to PyTorch over 24 carried steps of random input."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    inputs = rng.random((2, 24, INPUT_SIZE), np.float32)
    inputs[:, :, UNUSED] = 0
    heard = rng.random((2, 24, HEARD_SIZE), np.float32)
    with torch.no_grad():
        logits, spread, _ = model(torch.from_numpy(inputs), torch.from_numpy(heard), torch.from_numpy(inputs[:, 0, 58:]))
        weights, means, _ = mixtures(spread)
    worst, state = 0.0, np.zeros((2, HIDDEN), np.float32)
    inputs[:, :, 58:] = inputs[:, :1, 58:]
    for step in range(24):
        hits, _, state = session.run(None, {"input": inputs[:, step], "heard": heard[:, step], "state": state})
        hits = hits.reshape(2, 9, 3)
        expected = (weights.exp() * means).sum(-1)[:, step].numpy()
        worst = max(worst, np.abs(hits[..., 0] - torch.sigmoid(logits[:, step]).numpy()).max(),
                    np.abs(hits[..., 1:] - expected.transpose(0, 2, 1)).max())
    assert worst < 1e-5, worst
    return worst


def main(run, out):
    run, out = Path(run), Path(out)
    saved = torch.load(run / "best.pt", weights_only=False)
    styles = saved["styles"]
    model = Drummer(len(styles))
    model.load_state_dict(saved["model"])
    model.eval()
    onnx_model = helper.make_model(graph_of(model), opset_imports=[helper.make_opsetid("", 18)], ir_version=10,
                                   producer_name="forge")
    onnx.checker.check_model(onnx_model)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "drummer.onnx"
    onnx.save(onnx_model, path)
    table = {}
    with torch.no_grad():
        for index, style in enumerate(styles):
            family = torch.tensor(styles.index(style.split("/")[0]))
            vector = model.style_of(family, torch.tensor(index))
            table[style] = [round(value, 5) for value in vector.tolist()]
    (out / "styles.json").write_text(json.dumps(table, indent=1) + "\n")
    print(f"epoch {saved['epoch']}, worst difference {check(path, model):.1e}")
    for name in ("drummer.onnx", "styles.json"):
        data = (out / name).read_bytes()
        print(name, len(data), hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:3])
