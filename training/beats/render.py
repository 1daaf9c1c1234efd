"""Scores to audio: General MIDI sound fonts by fluidsynth, drum kits from single hits by a sampler in numpy.

Kits and sound fonts are in two groups that never meet: TRAIN_* for the network, TEST_* for the judges.
Needs fluidsynth and the Debian packages named in docs/analysis.md; hits come from FORGE_SHARED_DIR.
"""
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

import mido
import numpy as np
import soundfile

from scores import DRUM_CHANNEL

SAMPLE_RATE = 44100
SHARED = Path(os.environ.get("FORGE_SHARED_DIR", "../shared"))
FONTS = Path("/usr/share/sounds/sf2")
HYDROGEN = Path("/usr/share/hydrogen/data/drumkits")
HITS = SHARED / "datasets" / "separation" / "drum_kit"

TRAIN_FONTS = ["TimGM6mb.sf2", "sf_GMbank.sf2", "OPL-3_FM_128M.sf2"]
TEST_FONT = "FluidR3_GM.sf2"

CLASSES = ["kick", "snare", "rim", "clap", "tom_high", "tom_mid", "tom_low", "hat_closed", "hat_open", "hat_pedal", "crash", "ride", "bell"]
GM_CLASS = {35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "clap", 40: "snare", 41: "tom_low", 43: "tom_low", 45: "tom_mid", 47: "tom_mid",
            48: "tom_high", 50: "tom_high", 42: "hat_closed", 44: "hat_pedal", 46: "hat_open", 49: "crash", 55: "crash", 57: "crash", 52: "crash",
            51: "ride", 59: "ride", 53: "bell"}
FALLBACK = {"rim": "snare", "clap": "snare", "tom_high": "tom_mid", "tom_mid": "tom_low", "tom_low": "tom_high", "hat_pedal": "hat_closed",
            "hat_open": "hat_closed", "crash": "ride", "ride": "crash", "bell": "ride", "hat_closed": "hat_open", "snare": "rim", "kick": "tom_low"}
# First match wins; names of hits and of Hydrogen's instruments.
NAME_RULES = [
    ("skip", r"roll|semi|swish|choke|flink|zap|fx|tabla|perc_|conga|bongo|agogo|cowb|tamb|maraca|whistle|stage|guiro|cabasa|clave|block|djembe|timpani|sub-a|free|flip|chime|triangle|stick-|taps|cajon|snaps|metal"),
    ("hat_pedal", r"pedal|hat.*pd"), ("hat_open", r"open|opened|op\b|hat op|_oh_|^oh_|\bohh"), ("hat_closed", r"hat|hh|closed|cl\b"),
    ("kick", r"kick|bass ?drum|^bd|bdrum|drum_bass"), ("rim", r"rim|stick|xstick|click"), ("clap", r"clap|^cp"), ("snare", r"snare|^sd|^sn"),
    ("tom_high", r"tom.*hi|hi.*tom|^ht|tom-h"), ("tom_mid", r"tom.*mid|mid.*tom|^mt|tom-m|tom 2|tom-02"), ("tom_low", r"tom.*lo|^lt|tom|floor|low_tom"),
    ("bell", r"bell|cup"), ("ride", r"ride|^rd|rd_"), ("crash", r"crash|cymb|splash|^cr_|china"),
]


def hit_class(name):
    for kind, rule in NAME_RULES:
        if re.search(rule, name.lower()):
            return None if kind == "skip" else kind
    return None


def hit_kits():
    """Kits from the shared single hits: name -> class -> [(top velocity, path)]."""
    groups = {
        "CR-78": ("oramics__sampled", "CR-78"), "LM-2": ("oramics__sampled", "LM-2"), "TR-505": ("oramics__sampled", "TR-505"),
        "MRK-2": ("oramics__sampled", "MRK-2"), "pearl": ("oramics__sampled", "pearl"), "sonic-pi": ("sonic-pi-net__sonic-pi", ""),
        "distkit": ("stargatedaw__stargate-sample-pack", "distkit"), "synthkit": ("stargatedaw__stargate-sample-pack", "synthkit"),
        "x0xproc1": ("stargatedaw__stargate-sample-pack", "x0xproc1"), "freesound": ("stargatedaw__stargate-sample-pack", "freesound"),
        "karoryfer": ("stargatedaw__stargate-sample-pack", "karoryfer"), "uzu": ("tidalcycles__uzu-drumkit", ""),
    }
    kits = {}
    for name, (folder, marker) in groups.items():
        kit = {}
        for path in sorted((HITS / folder).glob("*")):
            if marker in path.name and (kind := hit_class(path.stem.split("__")[-1] if marker == "freesound" else path.stem.replace(marker, ""))):
                kit.setdefault(kind, []).append((1.0, path))
        kits[name] = kit
    return kits


def hydrogen_kits():
    """Hydrogen's kits by name, velocity layers included."""
    kits = {}
    for folder in sorted(HYDROGEN.glob("*")):
        kit = {}
        for instrument in xml.parse(folder / "drumkit.xml").getroot().iter("instrument"):
            kind = hit_class(instrument.findtext("name") or "")
            layers = [(float(l.findtext("max") or 1), folder / l.findtext("filename")) for l in instrument.iter("layer")]
            if not layers and instrument.findtext("filename"):
                layers = [(1.0, folder / instrument.findtext("filename"))]
            if kind and layers and kind not in kit:
                kit[kind] = sorted(layers)
        if {"kick", "snare", "hat_closed"} <= set(kit):
            kits[folder.name] = kit
    return kits


TEST_KITS = ["pearl", "LM-2", "ColomboAcousticDrumkit"]
TEST_DRUM_FONTS = [("FluidR3_GM.sf2", 0), ("FluidR3_GM.sf2", 8), ("FluidR3_GM.sf2", 16), ("FluidR3_GM.sf2", 32)]
TRAIN_DRUM_FONTS = [(font, program) for font in TRAIN_FONTS[:2] for program in (0, 8, 16, 24, 25, 32, 40)] + [("OPL-3_FM_128M.sf2", 0)]


def train_kits():
    return {name: kit for name, kit in {**hit_kits(), **hydrogen_kits()}.items() if name not in TEST_KITS}


def test_kits():
    return {name: kit for name, kit in {**hit_kits(), **hydrogen_kits()}.items() if name in TEST_KITS}


_cache = {}


def load_hit(path):
    if path not in _cache:
        data, rate = soundfile.read(path, dtype="float32", always_2d=True)
        mono = data.mean(axis=1)
        if rate != SAMPLE_RATE:
            mono = np.interp(np.arange(int(len(mono) * SAMPLE_RATE / rate)) * rate / SAMPLE_RATE, np.arange(len(mono)), mono).astype(np.float32)
        loud = np.flatnonzero(np.abs(mono) > 0.02 * np.abs(mono).max(initial=1e-9))
        mono = mono[max(0, (loud[0] if len(loud) else 0) - 40):][: 3 * SAMPLE_RATE]
        _cache[path] = mono / max(1e-6, float(np.sqrt(np.mean(mono[:8000] ** 2)))) * 0.1
    return _cache[path]


def render_hits(score, kit, rng, length_sec):
    """Mono drums of a score from a kit of single hits; one choice of hits for the whole performance."""
    out = np.zeros(int(length_sec * SAMPLE_RATE) + 1, dtype=np.float32)
    chosen, last_hat = {}, None
    level = {kind: 10 ** (rng.normal(0, 2.5) / 20) * (0.45 if kind.startswith(("hat", "ride", "crash", "bell")) else 1.0) for kind in CLASSES}
    starts = score.seconds([n.start for n in score.notes])
    for note, start in zip(score.notes, starts):
        if note.channel != DRUM_CHANNEL:
            continue
        kind = GM_CLASS.get(note.pitch)
        for _ in range(4):
            if kind is None or kind in kit:
                break
            kind = FALLBACK.get(kind)
        if kind is None or kind not in kit:
            continue
        layers = kit[kind]
        if kind not in chosen:
            chosen[kind] = int(rng.integers(len(layers)))
        if layers[0][0] == layers[-1][0]:
            path = layers[chosen[kind]][1]
        else:
            path = next((p for top, p in layers if note.velocity / 127 <= top), layers[-1][1])
        sample = load_hit(path)
        at = int(max(0.0, start) * SAMPLE_RATE)
        if kind.startswith("hat"):
            if last_hat is not None:  # a hat chokes the one before
                out[at:last_hat[1]] -= last_hat[2][at - last_hat[0]:][: max(0, last_hat[1] - at)]
        stop = min(len(out), at + len(sample))
        if stop <= at:
            continue
        sound = sample[: stop - at] * (note.velocity / 127) ** 1.6 * level[kind]
        out[at:stop] += sound
        if kind.startswith("hat"):
            last_hat = (at, stop, sound)
    return out


def render_font(score, font, drum_program, length_sec, with_drums=True, gain=0.5):
    """Stereo [2, frames] of a score through a sound font; `drum_program` chooses the font's kit."""
    ticks_per_sec = 960
    events = []
    starts, ends = score.seconds([n.start for n in score.notes]), score.seconds([n.end for n in score.notes])
    for note, start, end in zip(score.notes, starts, ends):
        if note.channel == DRUM_CHANNEL and not with_drums:
            continue
        on = max(0, round(start * ticks_per_sec))
        off = max(on + 20, round(end * ticks_per_sec))
        events.append((on, 1, mido.Message("note_on", channel=note.channel, note=note.pitch, velocity=max(1, note.velocity))))
        events.append((off, 0, mido.Message("note_off", channel=note.channel, note=note.pitch, velocity=0)))
    if not events:
        return np.zeros((2, int(length_sec * SAMPLE_RATE)), dtype=np.float32)
    track = mido.MidiTrack()
    for channel, program in {**score.programs, DRUM_CHANNEL: drum_program}.items():
        track.append(mido.Message("program_change", channel=channel, program=program, time=0))
    now = 0
    for tick, _, message in sorted(events, key=lambda e: e[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    with tempfile.TemporaryDirectory() as folder:
        file.save(f"{folder}/score.mid")
        subprocess.run(["fluidsynth", "-ni", "-g", str(gain), "-R", "0", "-C", "0", "-r", str(SAMPLE_RATE), "-F", f"{folder}/score.wav", str(FONTS / font), f"{folder}/score.mid"],
                       check=True, capture_output=True)
        audio = soundfile.read(f"{folder}/score.wav", dtype="float32", always_2d=True)[0].T
    if not np.any(audio):
        raise RuntimeError(f"{font} has no sound for program {drum_program}: a silent piece would be judged or learned from")
    frames = int(length_sec * SAMPLE_RATE)
    return np.pad(audio, ((0, 0), (0, max(0, frames - audio.shape[1]))))[:, :frames]


def normalise(audio, peak=0.7):
    return audio * (peak / max(1e-6, float(np.abs(audio).max())))
