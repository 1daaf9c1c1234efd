// A guess of the genre among eight, by rules over measures of rhythm, spectrum and level. Every rule is a soft step
// with its reason; the sums become shares. Not trained on anything: thresholds are set by hand, and it says so.
import { roundTo } from '../../units.js';
import { byteToDb } from '../level-byte.js';
import { BAND_COUNT, BAND_FRAMES_PER_SEC, bandCentreHz } from '../rhythm/band-frames.js';
import type { RhythmAnalysis } from '../rhythm/schema.js';
import type { TonalAnalysis } from '../tonal/schema.js';
import { GENRES, type Genre } from './genres.js';
import type { GenreGuess } from './schema.js';

/** Sharpness of the step from weights to shares. */
const SHARPNESS = 1.1;
/** Power of every level byte. */
const POWERS = Float64Array.from({ length: 256 }, (_, byte) => 10 ** (byteToDb(byte) / 10));

/** What the rules read, apart from rhythm and chords. */
export interface SoundMeasures {
  /** Power below 100 Hz over all power, in dB. */
  readonly subBassDb: number;
  /** Power from 100 to 400 Hz over all power, in dB. */
  readonly lowMidDb: number;
  /** Power above 4 kHz over all power, in dB. */
  readonly trebleDb: number;
  /** 95th less 20th percentile of the level over time, in dB. */
  readonly levelSpreadDb: number;
  /** Share of power in the strongest tenth of frames' rises: how much the sound is made of hits, 0 … 1. */
  readonly percussiveness: number;
}

/** The measures of [frames][BAND_COUNT] band levels; null for silence. */
export function measureSound(bands: Uint8Array): SoundMeasures | null {
  const frames = bands.length / BAND_COUNT;
  const bandPower = new Float64Array(BAND_COUNT);
  const step = BAND_FRAMES_PER_SEC / 10;
  const levels: number[] = [];
  let rises = 0;
  let rows = 0;
  for (let t = 0; t < frames; t++) {
    let power = 0;
    for (let band = 0; band < BAND_COUNT; band++) {
      const byte = bands[t * BAND_COUNT + band]!;
      if (byte === 0) continue;
      const value = POWERS[byte]!;
      power += value;
      bandPower[band] = bandPower[band]! + value;
      // A hit raises a band by 6 dB or more within 30 ms.
      if (t >= 3 && byte - bands[(t - 3) * BAND_COUNT + band]! >= 12) rises++;
      rows++;
    }
    if (t % step === 0 && power > 1e-9) levels.push(10 * Math.log10(power));
  }
  const total = bandPower.reduce((sum, value) => sum + value, 0);
  if (total < 1e-9 || levels.length === 0) return null;
  levels.sort((a, b) => a - b);
  const shareDb = (fromHz: number, toHz: number): number => {
    let sum = 0;
    for (let band = 0; band < BAND_COUNT; band++) {
      if (bandCentreHz(band) >= fromHz && bandCentreHz(band) < toHz) sum += bandPower[band]!;
    }
    return 10 * Math.log10(Math.max(1e-9, sum / total));
  };
  return {
    subBassDb: shareDb(0, 100),
    lowMidDb: shareDb(100, 400),
    trebleDb: shareDb(4000, 20000),
    levelSpreadDb:
      levels[Math.floor(0.95 * (levels.length - 1))]! - levels[Math.floor(0.2 * (levels.length - 1))]!,
    percussiveness: rises / Math.max(1, rows),
  };
}

/** A rule: how much each genre gains where the step is up, and what the measure says. */
interface Rule {
  readonly amount: number;
  readonly gains: Partial<Record<Genre, number>>;
  readonly reason: string;
}

/** The guess; a piece without sound gives null. */
export function guessGenre(
  bands: Uint8Array,
  rhythm: RhythmAnalysis,
  tonal: TonalAnalysis,
  durationSec: number,
): GenreGuess {
  const sound = measureSound(bands);
  if (sound === null) return { guess: null, confidence: null, alternatives: [], reasons: [] };
  const rules = rulesOf(sound, rhythm, tonal, durationSec);
  const weights = GENRES.map((genre) =>
    rules.reduce((sum, rule) => sum + rule.amount * (rule.gains[genre] ?? 0), 0),
  );
  const top = Math.max(...weights);
  const odds = weights.map((weight) => Math.exp(SHARPNESS * (weight - top)));
  const sum = odds.reduce((a, b) => a + b, 0);
  const ranked = GENRES.map((guess, k) => ({ guess, confidence: roundTo(odds[k]! / sum, 3) })).sort(
    (a, b) => b.confidence - a.confidence,
  );
  const best = ranked[0]!;
  return {
    guess: best.guess,
    confidence: best.confidence,
    alternatives: ranked.slice(1, 3),
    reasons: rules
      .filter((rule) => rule.amount * (rule.gains[best.guess] ?? 0) >= 0.4)
      .sort((a, b) => b.amount * b.gains[best.guess]! - a.amount * a.gains[best.guess]!)
      .map((rule) => rule.reason),
  };
}

function rulesOf(
  sound: SoundMeasures,
  rhythm: RhythmAnalysis,
  tonal: TonalAnalysis,
  durationSec: number,
): Rule[] {
  const tempo = rhythm.tempoBpm ?? 0;
  const onsetRate = rhythm.onsetsSec.length / Math.max(1, durationSec);
  const variation = rhythm.tempoVariationPercent ?? 8;
  const swing = rhythm.swingRatio ?? 1;
  const sevenths = shareOfSevenths(tonal);
  const hits = sound.percussiveness;
  const rules: Rule[] = [
    {
      amount: rises(tempo, 116, 122) * rises(-tempo, -152, -144) * rises(-variation, -1, -0.3),
      gains: { edm: 1.5 },
      reason: `steady ${tempo.toFixed(1)} BPM (variation ${variation.toFixed(2)} %)`,
    },
    {
      amount: rises(-tempo, -104, -96) * rises(tempo, 60, 68) * rises(sound.subBassDb, -5, -2),
      gains: { 'hip-hop': 1.6 },
      reason: `${tempo.toFixed(0)} BPM over heavy bass`,
    },
    {
      amount: rises(sound.subBassDb, -6, -2),
      gains: { edm: 1, 'hip-hop': 1, pop: 0.2 },
      reason: `below 100 Hz ${sound.subBassDb.toFixed(1)} dB of the power`,
    },
    {
      amount: rises(-sound.subBassDb, 9, 16),
      gains: { classical: 1, jazz: 0.4, indie: 0.4 },
      reason: `little below 100 Hz (${sound.subBassDb.toFixed(1)} dB of the power)`,
    },
    {
      amount: rises(sound.levelSpreadDb, 12, 20),
      gains: { classical: 1.5, jazz: 0.6 },
      reason: `levels vary by ${sound.levelSpreadDb.toFixed(0)} dB`,
    },
    {
      amount: rises(-sound.levelSpreadDb, -6, -3),
      gains: { metal: 0.9, edm: 0.4, rock: 0.6, pop: 0.3 },
      reason: `levels vary by only ${sound.levelSpreadDb.toFixed(1)} dB`,
    },
    {
      amount: rises(-hits, -0.012, -0.004),
      gains: { classical: 1.6, indie: 0.2 },
      reason: 'few percussive attacks',
    },
    {
      amount: rises(hits, 0.01, 0.025),
      gains: { rock: 0.5, pop: 0.5, edm: 0.5, 'hip-hop': 0.4 },
      reason: 'drums throughout',
    },
    {
      amount: rises(variation, 2.5, 6),
      gains: { classical: 1.2, jazz: 0.5 },
      reason: `tempo varies by ${variation.toFixed(1)} %`,
    },
    {
      amount: rises(swing, 1.35, 1.7),
      gains: { jazz: 1.6, 'hip-hop': 0.2 },
      reason: `swing ratio ${swing.toFixed(2)}`,
    },
    {
      amount: rises(sevenths, 0.3, 0.6),
      gains: { jazz: 1.3, 'hip-hop': 0.2 },
      reason: `${Math.round(100 * sevenths)} % of the chords have sevenths`,
    },
    {
      amount: rises(onsetRate, 7, 11) * rises(sound.trebleDb, -16, -10) * rises(-sound.levelSpreadDb, -9, -5),
      gains: { metal: 1.6 },
      reason: `${onsetRate.toFixed(1)} onsets a second in a dense, bright sound`,
    },
    {
      amount: rises(sound.trebleDb, -18, -11) * rises(-sound.subBassDb, 2, 6) * rises(hits, 0.006, 0.015),
      gains: { rock: 1.1, metal: 0.4, indie: 0.4 },
      reason: `bright (above 4 kHz ${sound.trebleDb.toFixed(1)} dB) over a moderate bass`,
    },
    {
      amount: rises(variation, 0.4, 1) * rises(-variation, -4, -2) * rises(hits, 0.006, 0.015),
      gains: { rock: 0.6, indie: 0.8 },
      reason: `played tempo (variation ${variation.toFixed(1)} %)`,
    },
    {
      amount: rises(-variation, -0.8, -0.3) * rises(tempo, 66, 76) * rises(-tempo, -132, -124),
      gains: { pop: 0.9 },
      reason: `steady ${tempo.toFixed(0)} BPM`,
    },
    { amount: 1, gains: { pop: 0.4 }, reason: 'the most common' },
  ];
  return rules.filter((rule) => rule.amount > 0.05);
}

/** 0 below `from`, 1 above `to`, linear between. */
function rises(value: number, from: number, to: number): number {
  return Math.max(0, Math.min(1, (value - from) / (to - from)));
}

/** Share of the time with chords in which the chord has a seventh. */
function shareOfSevenths(tonal: TonalAnalysis): number {
  let all = 0;
  let sevenths = 0;
  for (const { startSec, endSec, label } of tonal.chords) {
    if (label === 'N') continue;
    all += endSec - startSec;
    if (label.includes('7')) sevenths += endSec - startSec;
  }
  return all === 0 ? 0 : sevenths / all;
}
