"""PESQ, STOI and SI-SDR of cleaned speech as one JSON object.

usage: speech_metrics.py CLEAN.wav ESTIMATE.wav     (needs numpy, soundfile, soxr, pesq, pystoi)
"""
import json
import sys

import numpy as np
import soundfile as sf
import soxr
from pesq import pesq
from pystoi import stoi


def si_sdr_db(reference, estimate):
    reference = reference - reference.mean()
    estimate = estimate - estimate.mean()
    target = (estimate @ reference) / (reference @ reference) * reference
    return 10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target)))


def main():
    clean, rate = sf.read(sys.argv[1])
    estimate, estimate_rate = sf.read(sys.argv[2])
    if rate != estimate_rate:
        sys.exit(f"expected one rate, got {rate} and {estimate_rate} Hz")
    length = min(len(clean), len(estimate))
    clean, estimate = clean[:length], estimate[:length]
    clean_16k = soxr.resample(clean, rate, 16000, "VHQ")
    estimate_16k = soxr.resample(estimate, rate, 16000, "VHQ")
    print(
        json.dumps(
            {
                "pesqWb": round(pesq(16000, clean_16k, estimate_16k, "wb"), 3),
                "stoi": round(float(stoi(clean, estimate, rate)), 4),
                "siSdrDb": round(float(si_sdr_db(clean, estimate)), 3),
            }
        )
    )


main()
