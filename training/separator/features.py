"""What the mask network of forge sees of a time-frequency cell: the cues of src/dsp/separation/cues.ts, in numpy/torch.

Windows of 4096 samples (periodic Hann) at a hop of 1024, at 44.1 kHz; bins below 20 kHz. `cues` gives arrays
[bins, frames]; `features` the network's inputs [bins, frames, FEATURES] in the order of src/dsp/separation/mask-network.ts.
"""
import bottleneck
import numpy as np
import torch

RATE, SIZE, HOP = 44100, 4096, 1024
TOP_HZ = 20000
BINS = -(-TOP_HZ * SIZE // RATE)
BAND_HZ = (40.0, 90.0, 180.0, 400.0, 1200.0, 4000.0, 12000.0)
FEATURES = 9 + len(BAND_HZ)


def stft(audio):
    """[channels, samples] -> complex [channels, BINS, frames]"""
    window = torch.hann_window(SIZE, dtype=torch.float32)
    return torch.stft(torch.as_tensor(audio, dtype=torch.float32), SIZE, HOP, window=window, return_complex=True, pad_mode="constant")[:, :BINS]


def median(x, reach):
    """Running median along the last axis, ends repeated."""
    padded = np.pad(x.numpy(), ((0, 0), (reach, reach)), mode="edge")
    return torch.from_numpy(np.ascontiguousarray(bottleneck.move_median(padded, 2 * reach + 1, axis=-1)[:, 2 * reach:])).float()


def smooth(x, bins, frames):
    return torch.nn.functional.avg_pool2d(x[None, None], (bins, frames), 1, (bins // 2, frames // 2), count_include_pad=False)[0, 0]


def cues(spectra):
    left, right = spectra[0], spectra[-1]
    power = left.abs() ** 2 + right.abs() ** 2
    magnitude = power.sqrt()
    cross = (left * right.conj()).real
    return dict(
        magnitude=magnitude,
        steady=median(magnitude, 8),
        sustained=median(magnitude, 32),
        struck=median(magnitude.T.contiguous(), 15).T,
        centre=(2 * smooth(cross, 3, 3) / (smooth(power, 3, 3) + 1e-20)).clamp(0, 1),
    )


def features(c):
    magnitude = c["magnitude"] + 1e-9
    power = magnitude ** 2
    struck, steady = c["struck"] ** 2, c["steady"] ** 2
    struck_share = struck / (struck + steady + 1e-18)
    frame_power = power.sum(0, keepdim=True) + 1e-18
    centre_power = (c["centre"] * power)[10:].sum() / (power[10:].sum() + 1e-18)
    hz = torch.arange(BINS) * (RATE / SIZE)
    octave = torch.log2(hz.clamp(min=10.0))
    edges = torch.log2(torch.tensor(BAND_HZ))
    bands = []
    for k in range(len(BAND_HZ)):
        below = (octave - edges[k - 1]) / (edges[k] - edges[k - 1]) if k > 0 else torch.ones(BINS)
        above = (edges[k + 1] - octave) / (edges[k + 1] - edges[k]) if k + 1 < len(BAND_HZ) else torch.ones(BINS)
        bands.append(torch.minimum(below, above).clamp(0, 1)[:, None].expand_as(magnitude))
    mean_level = (frame_power / BINS).sqrt()
    out = [
        struck_share,
        (c["steady"] / magnitude).clamp(0, 1),
        (c["sustained"] / magnitude).clamp(0, 1),
        (c["struck"] / magnitude).clamp(0, 1),
        c["centre"],
        c["centre"] ** 4,
        (torch.log(magnitude / mean_level) / 4).clamp(-2, 2),
        ((struck_share * power).sum(0, keepdim=True) / frame_power).expand_as(magnitude),
        torch.full_like(magnitude, float(centre_power)),
        *bands,
    ]
    return torch.stack(out, -1)
