"""Grids of data.py -> network inputs."""
import json

import numpy as np

from layout import (BAR, COMPLEXITY, DYNAMICS, FILL, HEARD_SIZE, HUMANIZE, INPUT_SIZE, MEMORY_BARS, PIECE_COMPLEXITY,
                    POSITION, SWING, TEMPO, TRIPLET, tempo_value)


class Performance:
    def __init__(self, meta, data, styles):
        part = slice(meta["start"], meta["start"] + meta["steps"])
        self.meta, self.split, self.bar_steps = meta, meta["split"], meta["bar_steps"]
        self.velocity, self.offset = data["velocity"][part], data["offset"][part]
        self.flags, self.controls = data["flags"][part], data["controls"][part]
        self.variant = styles.index(meta["style"])
        self.family = styles.index(meta["style"].split("/")[0])
        hit = self.velocity > 0
        step_ms = 60000 / meta["bpm"] / (3 if meta["triplet"] else 4)
        self.spread = min(1.0, float(self.offset[hit].std() * step_ms / 50)) if hit.any() else 0.3
        self.length = len(self.velocity)

    def inputs(self):
        out = np.zeros((self.length, INPUT_SIZE), np.float32)
        steps = np.arange(self.length)
        out[steps, POSITION + position_of(steps % self.bar_steps, self.bar_steps)] = 1
        bars = steps // self.bar_steps
        if self.meta["fill"]:  # a clip of a fill ends its phrase
            bars = bars + 8 - (self.length // self.bar_steps) % 8
        out[steps, BAR + bars % 8] = 1
        out[:, TRIPLET] = self.meta["triplet"]
        out[:, FILL] = self.flags
        out[:, COMPLEXITY], out[:, DYNAMICS] = self.controls[:, 0], self.controls[:, 1]
        out[:, SWING], out[:, HUMANIZE] = self.meta["swing"] * 3, self.spread
        out[:, PIECE_COMPLEXITY : PIECE_COMPLEXITY + 5] = self.controls[:, 2:]
        out[:, TEMPO] = tempo_value(self.meta["bpm"])
        return out

    def heard(self):
        out = np.zeros((self.length, HEARD_SIZE), np.float32)
        out[1:, :9] = self.velocity[:-1] > 0
        out[1:, 9:18] = self.velocity[:-1]
        out[1:, 18:27] = self.offset[:-1]
        for index, bars in enumerate(MEMORY_BARS):
            lag = bars * self.bar_steps
            if lag < self.length:
                out[lag:, 27 + 9 * index : 36 + 9 * index] = self.velocity[:-lag]
                out[lag:, 27 + 9 * len(MEMORY_BARS) + index] = 1
        return out


def position_of(step, bar_steps):
    """Place of a step among the 16 positions: bars longer than 16 steps end as a bar of four does."""
    return np.where((bar_steps > 16) & (step >= 12), step - bar_steps + 16, step).clip(0, 15)


def load(path):
    data = np.load(path)
    meta = json.loads(str(data["meta"]))
    arrays = {key: data[key] for key in ("velocity", "offset", "flags", "controls")}
    return [Performance(item, arrays, meta["styles"]) for item in meta["items"]], meta["styles"]
