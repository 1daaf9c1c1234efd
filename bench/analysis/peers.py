"""Estimates of librosa, essentia and BeatNet for every WAV of a folder, as NAME.<program>.json beside it.

    python peers.py DIR [--programs librosa,essentia,beatnet] [--beatnet MODEL.onnx]

librosa: beat_track, onset_detect, chroma_cqt with key profiles (Krumhansl) and triad templates over its beats (it has
no key or chord function; these are the usual recipes). essentia: RhythmExtractor2013, OnsetRate, KeyExtractor, HPCP
with ChordsDetectionBeats. BeatNet: its published network under the plain dynamic programming of librosa.
"""
import argparse
import json
import time
from pathlib import Path

import librosa
import numpy as np

NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])


def run_librosa(path):
    y, rate = librosa.load(path, sr=22050)
    tempo, beats = librosa.beat.beat_track(y=y, sr=rate, units="time")
    onsets = librosa.onset.onset_detect(y=y, sr=rate, units="time")
    chroma = librosa.feature.chroma_cqt(y=y, sr=rate)
    mean = chroma.mean(axis=1)
    scores = [(np.corrcoef(mean, np.roll(p, k))[0, 1], f"{NAMES[k]} {mode}") for p, mode in ((MAJOR, "major"), (MINOR, "minor")) for k in range(12)]
    frames = librosa.util.fix_frames(librosa.time_to_frames(beats, sr=rate), x_max=chroma.shape[1])
    synced = librosa.util.sync(chroma, frames, aggregate=np.median)
    times = librosa.frames_to_time(np.concatenate([[0], frames]) if frames[0] > 0 else frames, sr=rate)
    templates = np.array([np.roll(t, k) for t in ([1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]) for k in range(12)])
    best = (templates @ synced).argmax(axis=0)
    chords = [{"startSec": float(times[k]), "endSec": float(times[k + 1]), "label": f"{NAMES[c % 12]}:{'maj' if c < 12 else 'min'}"}
              for k, c in enumerate(best) if k + 1 < len(times) and times[k + 1] > times[k]]
    return {"rhythm": {"tempoBpm": float(np.atleast_1d(tempo)[0]), "beatsSec": beats.tolist(), "onsetsSec": onsets.tolist()},
            "tonal": {"key": max(scores)[1], "chords": chords}}


def run_essentia(path):
    import essentia
    import essentia.standard as es
    essentia.log.warningActive = essentia.log.infoActive = False
    audio = es.MonoLoader(filename=str(path), sampleRate=44100)()
    tempo, beats, *_ = es.RhythmExtractor2013(method="multifeature")(audio)
    onsets = es.OnsetRate()(audio)[0]
    key, scale, _ = es.KeyExtractor()(audio)
    window, spectrum, peaks = es.Windowing(type="blackmanharris62"), es.Spectrum(), es.SpectralPeaks(magnitudeThreshold=1e-5, maxPeaks=60, minFrequency=40, maxFrequency=5000, orderBy="magnitude")
    hpcp = es.HPCP(size=36, referenceFrequency=440, harmonics=4)
    frames = np.array([hpcp(*peaks(spectrum(window(f)))) for f in es.FrameGenerator(audio, frameSize=8192, hopSize=2048, startFromZero=True)])
    chords = []
    if len(beats) > 2:
        labels, _ = es.ChordsDetectionBeats(hopSize=2048, chromaPick="interbeat_median")(frames, beats.astype(np.float32))
        chords = [{"startSec": float(a), "endSec": float(b), "label": f"{c.rstrip('m')}:{'min' if c.endswith('m') else 'maj'}"} for a, b, c in zip(beats, beats[1:], labels)]
    return {"rhythm": {"tempoBpm": float(tempo), "beatsSec": beats.tolist(), "onsetsSec": onsets.tolist()},
            "tonal": {"key": f"{key} {scale}", "chords": chords}}


def beatnet_filters(rate=22050, size=1411):
    """136 triangles, 24 to the octave, 30 Hz to 17 kHz, on the bins of the transform (../shared/specs/small-models.md)."""
    centres = 440 * 2 ** (np.arange(-24 * 6, 24 * 8) / 24)
    centres = centres[(centres >= 30) & (centres <= 17000)]
    bins = np.unique(np.minimum(np.round(centres / (rate / (size - 1))).astype(int), size // 2 - 1))
    filters = np.zeros((len(bins) - 2, size // 2))
    for k, (a, b, c) in enumerate(zip(bins, bins[1:], bins[2:])):
        filters[k, a:b + 1] = np.linspace(0, 1, b - a + 1)
        filters[k, b:c + 1] = np.linspace(1, 0, c - b + 1)
        filters[k] /= max(filters[k].sum(), 1e-9)
    return filters


def run_beatnet(path, session, filters):
    y, rate = librosa.load(path, sr=22050)
    count = len(y) // 441
    padded = np.pad(y, (705, 2000))
    frames = np.stack([padded[441 * t:441 * t + 1411] for t in range(count)]) * np.hanning(1411)
    levels = np.log10(1 + np.abs(np.fft.fft(frames, axis=1))[:, :705] @ filters.T)
    rise = np.maximum(0, np.diff(levels, axis=0, prepend=levels[:1]))
    features = np.concatenate([levels, rise], axis=1).astype(np.float32)[None]
    state = np.zeros((2, 1, 150), dtype=np.float32)
    out = session.run(["prob"], {"features": features, "hidden": state, "cell": state})[0][0]
    activation = out[:, 0] + out[:, 1]
    tempo, beats = librosa.beat.beat_track(onset_envelope=activation, sr=50, hop_length=1, units="time")
    return {"rhythm": {"tempoBpm": float(np.atleast_1d(tempo)[0]), "beatsSec": beats.tolist()}}


def time_librosa(path):
    y, rate = librosa.load(path, sr=22050)
    librosa.beat.beat_track(y=y, sr=rate)
    librosa.onset.onset_detect(y=y, sr=rate)
    librosa.feature.chroma_cqt(y=y, sr=rate)
    spectrum = np.abs(librosa.stft(y))
    librosa.feature.spectral_centroid(S=spectrum, sr=rate)
    librosa.feature.spectral_rolloff(S=spectrum, sr=rate)
    librosa.feature.mfcc(y=y, sr=rate)


def time_essentia(path):
    import essentia
    import essentia.standard as es
    essentia.log.warningActive = essentia.log.infoActive = False
    audio = es.MonoLoader(filename=str(path), sampleRate=44100)()
    es.RhythmExtractor2013(method="multifeature")(audio)
    es.KeyExtractor()(audio)
    es.OnsetRate()(audio)
    window, spectrum, mfcc, centroid, roll = es.Windowing(type="hann"), es.Spectrum(), es.MFCC(inputSize=1025), es.Centroid(range=22050), es.RollOff()
    for frame in es.FrameGenerator(audio, frameSize=2048, hopSize=1024):
        s = spectrum(window(frame))
        mfcc(s), centroid(s), roll(s)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--programs", default="librosa,essentia")
    parser.add_argument("--beatnet", type=Path)
    parser.add_argument("--limit", type=int, help="only the first pieces of the folder")
    parser.add_argument("--time", type=Path, help="only print the seconds, by the clock and of the processor, of tempo, key, chroma, spectrum, MFCC and onsets")
    args = parser.parse_args()
    if args.time:
        seconds = {}
        for name in args.programs.split(","):
            run = {"librosa": time_librosa, "essentia": time_essentia}[name]
            run(args.time)  # compiles and fills caches
            wall, processor = time.perf_counter(), time.process_time()
            run(args.time)
            seconds[name] = {"wallSec": time.perf_counter() - wall, "cpuSec": time.process_time() - processor}
        print(json.dumps(seconds))
        return
    session = None
    if "beatnet" in args.programs:
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(args.beatnet), options)
    filters = beatnet_filters()
    for path in sorted(args.folder.glob("*.wav"))[: args.limit]:
        for program in args.programs.split(","):
            target = path.with_suffix(f".{program}.json")
            if target.exists():
                continue
            estimate = {"librosa": run_librosa, "essentia": run_essentia, "beatnet": lambda p: run_beatnet(p, session, filters)}[program](path)
            target.write_text(json.dumps(estimate))


if __name__ == "__main__":
    main()
