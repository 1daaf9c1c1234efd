#!/usr/bin/env python3
"""Trains forge-lite's network on crops (crops.py).

  python train.py --crops DIR --held DIR --out DIR [--steps 4000] [--batch 4] [--seed 1] [--device cpu]

The loss is the mean over stems of the log of the error's energy over the stem's (what SI-SDR measures), crop by crop; it is
quadratic in the shares, so only powers and products of spectra are needed. Seeded; resumes from OUT/checkpoint.pt; the curve is
OUT/curve.csv; what is exported is a running mean of the weights. Crops that are added while it runs are used.
"""
import argparse, glob, math, os, time

import numpy as np
import torch
from model import Network, shares, stft

LEARNING_RATE, WARM_UP = 2e-3, 100
MONO_SHARE = 0.05


def load(path, generator=None):
    """Spectra [4 stems, 2 channels, frames, BINS] of a crop; with a generator at a drawn level, and at times mono."""
    audio = torch.from_numpy(np.load(path).astype(np.float32))
    if generator is not None:
        level, mono = torch.rand(2, generator=generator).tolist()
        audio = audio * 10 ** (level * 1.2 - 0.9)
        if mono < MONO_SHARE:
            audio[:, 1] = 0
    return stft(audio)


def prepare(spectra):
    """The network's input, |X|² by channel, Re(X*·S) and stems' energies, for crops [batch, stems, channels, frames, bins]."""
    re, im = torch.view_as_real(spectra).unbind(-1)
    mix_re, mix_im = re.sum(1), im.sum(1)
    power = mix_re ** 2 + mix_im ** 2
    cross = mix_re[:, 0] * mix_re[:, 1] + mix_im[:, 0] * mix_im[:, 1]
    product = mix_re[:, None] * re + mix_im[:, None] * im
    return torch.stack([power[:, 0], power[:, 1], cross], 1), power, product.transpose(1, 2), (re ** 2 + im ** 2).sum((2, 3, 4))


def loss_of(votes, power, product, energy):
    mask = shares(votes)
    error = (mask * (mask * power[:, :, None] - 2 * product)).sum((1, 3, 4)) + energy
    total = energy.sum(1, keepdim=True)
    heard = energy > 1e-3 * total
    # A silent stem should stay silent: its error counts against the mix.
    ratio = torch.where(heard, error.clamp(min=0) / energy.clamp(min=1e-9), 0.1 + error.clamp(min=0) / total)
    return torch.log10(ratio.clamp(min=1e-3)), heard


def judge(model, paths):
    """Mean improvement in dB by stem over the crops in which it sounds (error of the mix over error of the estimate)."""
    model.eval()
    gains = [[], [], [], []]
    with torch.no_grad():
        for path in paths:
            batch = prepare(load(path)[None])
            logs, heard = loss_of(model(batch[0]), *batch[1:])
            mix_error = batch[1].sum() - 2 * batch[2].sum((1, 3, 4))[0] + batch[3][0]
            for k in range(4):
                if heard[0, k]:
                    gains[k].append(10 * (torch.log10(mix_error[k] / batch[3][0, k]) - logs[0, k]).item())
    model.train()
    return [float(np.mean(g)) for g in gains]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", required=True)
    parser.add_argument("--held", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)
    generator = torch.Generator().manual_seed(args.seed)
    model = Network().to(args.device, memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True)
    optimiser = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=1e-3)
    warm = lambda step: min(1, (step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * min(1, step / args.steps)) + 0.005)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, warm)
    first, checkpoint = 0, f"{args.out}/checkpoint.pt"
    if os.path.exists(checkpoint):
        state = torch.load(checkpoint)
        for part, name in ((model, "model"), (mean, "mean"), (optimiser, "optimiser"), (schedule, "schedule")):
            part.load_state_dict(state[name])
        first = state["step"]
        generator.manual_seed(args.seed + first)
    held = sorted(glob.glob(args.held + "/*.npy"))

    @torch.compile
    def forward(inputs, *target):
        with torch.autocast(args.device, dtype=torch.bfloat16):
            votes = model(inputs)
        return loss_of(votes, *target)[0].mean()

    losses, started = [], time.time()
    for step in range(first, args.steps):
        paths = sorted(p for p in glob.glob(args.crops + "/*.npy") if not p.endswith(".part.npy"))
        drawn = torch.randint(0, len(paths), (args.batch,), generator=generator)
        loss = forward(*(part.to(args.device) for part in prepare(torch.stack([load(paths[k], generator) for k in drawn]))))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        mean.update_parameters(model)
        losses.append(loss.item())
        if (step + 1) % 100 == 0 or step + 1 == args.steps:
            row = f"{step + 1},{np.mean(losses[-100:]):.4f}"
            if (step + 1) % 500 == 0 or step + 1 == args.steps:
                row += "," + ",".join(f"{gain:.2f}" for gain in judge(mean.module, held))
            print(row, f"{time.time() - started:.0f} s", flush=True)
            with open(f"{args.out}/curve.csv", "a") as curve:
                curve.write(row + "\n")
            state = dict(model=model.state_dict(), mean=mean.state_dict(), optimiser=optimiser.state_dict(), schedule=schedule.state_dict(), step=step + 1)
            torch.save(state, checkpoint + ".part")
            os.replace(checkpoint + ".part", checkpoint)


if __name__ == "__main__":
    main()
