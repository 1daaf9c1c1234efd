#!/usr/bin/env python3
"""Writes the trained mask network as a TypeScript module: python export.py mask-network.json ../../src/dsp/separation/mask-weights.ts"""
import json, sys

layers = json.load(open(sys.argv[1]))["layers"]
number = lambda v: f"{v:.5f}".rstrip("0").rstrip(".")
row = lambda values: ", ".join(number(v) for v in values)
with open(sys.argv[2], "w") as out:
    out.write("// Weights of the mask network. Written by training/separator/export.py; do not edit.\n")
    out.write("\n/** A dense layer: outputs = weights · inputs + biases, weights row by row. */\n")
    out.write("export interface DenseLayer {\n  readonly weights: readonly number[];\n  readonly biases: readonly number[];\n}\n\n")
    out.write("/** First to last layer; inputs and outputs in the order of mask-network.ts. */\n")
    out.write("export const LAYERS: readonly DenseLayer[] = [\n")
    for layer in layers:
        flat = [v for values in layer["weights"] for v in values]
        out.write("  // biome-ignore format: numbers\n")
        out.write("  {\n    weights: [\n")
        for k in range(0, len(flat), 12):
            out.write(f"      {row(flat[k:k + 12])},\n")
        out.write(f"    ],\n    biases: [{row(layer['biases'])}],\n  }},\n")
    out.write("];\n")
