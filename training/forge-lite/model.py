"""The network of forge-lite: shares of four stems in each cell of the mid and the side spectrum, from powers alone.

Input [batch, 3, frames, BINS]: |M|², |S|², Re(M·S*) of windows of 4096 samples (periodic Hann) at a hop of 1024, at 44.1 kHz.
Output [batch, 8, frames, BINS]: logarithms of the shares, the four stems of the mid, then of the side, up to a term common
to a channel's four. Cues of a cell (levels against their surroundings in time and frequency, place in the stereo image) are
gathered by bands; residual blocks look 31 frames and all bands around; each cell's answer comes from its band's state, its
place in the band, and its own cues. Nothing reaches beyond MARGIN frames, so ranges of a song can be joined exactly.
"""
import torch
from torch import nn

RATE, SIZE, HOP = 44100, 4096, 1024
# Bands: how many of how many bins each; together they hold the bins below 20 kHz.
GROUPS = ((16, 4), (16, 8), (12, 16), (8, 32), (10, 128))
BINS = sum(count * width for count, width in GROUPS)
BANDS = sum(count for count, _ in GROUPS)
STEMS = ("drums", "bass", "other", "vocals")
CUES = 9
LEVEL_REACH, SHORT_REACH, LONG_REACH, BIN_REACH = 32, 8, 32, 15
DILATIONS = (1, 2, 4, 8, 16, 1, 2, 4)
WIDTH, HIDDEN = 64, 16
MARGIN = LEVEL_REACH + sum(DILATIONS)


def stft(audio):
    """[..., samples] -> complex [..., frames, BINS]"""
    flat = torch.as_tensor(audio, dtype=torch.float32).reshape(-1, audio.shape[-1])
    out = torch.stft(flat, SIZE, HOP, window=torch.hann_window(SIZE), return_complex=True, pad_mode="constant")[:, :BINS]
    return out.transpose(1, 2).reshape(*audio.shape[:-1], -1, BINS)


def powers_of(mid, side):
    """The network's input from the spectra [batch, frames, BINS]."""
    return torch.stack([mid.abs() ** 2, side.abs() ** 2, (mid * side.conj()).real], 1)


def mean_over(x, frames, bins):
    """Means over the 2·frames + 1 by 2·bins + 1 cells around each that lie inside."""
    if torch.onnx.is_in_onnx_export():
        return nn.functional.avg_pool2d(x, (2 * frames + 1, 2 * bins + 1), 1, (frames, bins), count_include_pad=False)
    # The same by running sums, which torch computes faster.
    for dim, reach in ((2, frames), (3, bins)):
        if reach > 0:
            size = x.shape[dim]
            sums = x.double().cumsum(dim)
            last = sums.narrow(dim, size - 1, 1)
            edge = [*x.shape]
            edge[dim] = reach + 1
            before = sums.new_zeros(edge)
            edge[dim] = reach
            sums = torch.cat([before, sums, last.expand(edge)], dim)
            place = torch.arange(size, device=x.device)
            counts = (place + reach + 1).clamp(max=size) - (place - reach).clamp(min=0)
            x = ((sums.narrow(dim, 2 * reach + 1, size) - sums.narrow(dim, 0, size)) / counts.reshape((-1, 1) if dim == 2 else (-1,))).float()
    return x


def inner_mean(x, reach):
    """Means over the 2·reach + 1 frames around each of all but `reach` frames at both ends."""
    sums = x.cumsum(2)
    frames = x.shape[2] - 2 * reach
    return (sums.narrow(2, 2 * reach, frames) - sums.narrow(2, 0, frames) + x.narrow(2, 0, frames)) / (2 * reach + 1)


def cues_of(powers, margin=0):
    """[batch, CUES, frames − 2·margin, BINS] of about unit size. Frames that are silence (zeros) count as very soft ones."""
    inner = lambda x: without_ends(x, 2, margin)
    logs = torch.log(powers[:, :2] + 1e-7)
    level = inner(torch.log(mean_over((powers[:, :1] + powers[:, 1:2]).mean(-1, keepdim=True), LEVEL_REACH, 0) + 1e-7))
    steady = inner(mean_over(logs, SHORT_REACH, 0))
    sustained = inner_mean(logs[:, :1], LONG_REACH) if margin == LONG_REACH else mean_over(logs[:, :1], LONG_REACH, 0)
    near = inner(mean_over(powers, 1, 1))
    logs = inner(logs)
    mid, side = logs[:, :1], logs[:, 1:]
    around = mean_over(logs, 0, BIN_REACH)
    total = near[:, :1] + near[:, 1:2] + 1e-7
    return torch.cat([
        (mid - level) / 4,
        (side - level) / 4,
        (logs - steady) / 2,
        (mid - sustained) / 2,
        (logs - around) / 2,
        near[:, 1:2] / total * 2 - 1,
        2 * near[:, 2:].abs() / total,
    ], 1)


def without_ends(x, dim, margin):
    return x.narrow(dim, margin, x.shape[dim] - 2 * margin) if margin > 0 else x


class Split(nn.Module):
    """Cells to bands: a dense layer for each band. [batch, CUES, frames, BINS] -> [batch, frames, BANDS, WIDTH]"""

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.randn(n, CUES * w, WIDTH) * (CUES * w) ** -0.5) for n, w in GROUPS)
        self.bias = nn.Parameter(torch.zeros(BANDS, WIDTH))

    def forward(self, x):
        batch, _, frames, _ = x.shape
        out = []
        for (n, w), weight, part in zip(GROUPS, self.weights, x.split([n * w for n, w in GROUPS], -1)):
            cells = part.reshape(batch, CUES, frames, n, w).permute(3, 0, 2, 1, 4).reshape(n, batch * frames, CUES * w)
            out.append(torch.bmm(cells, weight))
        return torch.cat(out, 0).transpose(0, 1).reshape(batch, frames, BANDS, WIDTH) + self.bias


class Join(nn.Module):
    """Bands to cells: a dense layer for each band. [batch, frames, BANDS, WIDTH] -> [batch, 8, frames, BINS]"""

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.randn(n, WIDTH, 8 * w) * 0.3 * WIDTH ** -0.5) for n, w in GROUPS)

    def forward(self, x):
        batch, frames, _, _ = x.shape
        states = x.reshape(batch * frames, BANDS, WIDTH).transpose(0, 1)
        out = []
        for (n, w), weight, part in zip(GROUPS, self.weights, states.split([n for n, _ in GROUPS], 0)):
            cells = torch.bmm(part, weight).reshape(n, batch, frames, 8, w)
            out.append(cells.permute(1, 3, 2, 0, 4).reshape(batch, 8, frames, n * w))
        return torch.cat(out, -1)


def to_bins(x):
    """Repeats each band's value, the last axis, over its bins."""
    parts = x.split([n for n, _ in GROUPS], -1)
    return torch.cat([part.repeat_interleave(w, -1) for part, (_, w) in zip(parts, GROUPS)], -1)


class Block(nn.Module):
    """Looks around in time and over three bands, then over all bands. [batch, frames, BANDS, WIDTH]"""

    def __init__(self, dilation):
        super().__init__()
        self.around = nn.Conv2d(WIDTH, WIDTH, 3, padding=(dilation, 1), dilation=(dilation, 1), bias=False)
        self.norm = nn.BatchNorm2d(WIDTH)
        self.bands = nn.Parameter(torch.randn(BANDS, BANDS) * 0.2 * BANDS ** -0.5)
        self.mix = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        y = torch.relu(self.norm(self.around(x.permute(0, 3, 1, 2)))).permute(0, 2, 3, 1)
        return x + self.mix(y + torch.matmul(self.bands, y))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.split = Split()
        self.blocks = nn.ModuleList(Block(dilation) for dilation in DILATIONS)
        self.norm = nn.BatchNorm2d(WIDTH)
        self.join = Join()
        self.state = nn.Linear(WIDTH, HIDDEN)
        self.own = nn.Conv2d(CUES, HIDDEN, 1, bias=False)
        self.answer = nn.Conv2d(HIDDEN, 8, 1)

    def forward(self, powers, is_inner=False):
        """Votes of all frames; with `is_inner` of all but MARGIN at both ends, and nothing is computed that they do not need."""
        cues = cues_of(powers, LEVEL_REACH if is_inner else 0)
        x = self.split(cues)
        own = self.own(without_ends(cues, 2, MARGIN - LEVEL_REACH if is_inner else 0))
        if torch.is_autocast_enabled(cues.device.type):
            x = x.to(torch.bfloat16)
        for block, dilation in zip(self.blocks, DILATIONS):
            x = without_ends(block(x), 1, dilation if is_inner else 0)
        x = torch.relu(self.norm(x.permute(0, 3, 1, 2))).permute(0, 2, 3, 1)
        own = torch.relu(own + to_bins(self.state(x).permute(0, 3, 1, 2)))
        return self.answer(own) + self.join(x)


def shares(votes):
    """[batch, 8, frames, bins] -> [batch, channel, stem, frames, bins], sums over the stems of 1."""
    batch, _, frames, bins = votes.shape
    return torch.softmax(votes.float().reshape(batch, 2, 4, frames, bins), 2)
