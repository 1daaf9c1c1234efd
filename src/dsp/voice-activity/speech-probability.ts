// Speech or not, without a pulled network: a small layered model over what speech does to a frame and its surroundings.
// It rises above a floor that follows the background, it is periodic at a voice's pitch for syllables at a time and
// not for long, its level moves at the pace of syllables, its pitch glides. Works on the features of a whole file
// (13 bytes a frame), so that floors and surroundings look both ways;
// chunks with margins keep the work space small.
import { runningMean, runningMinimum, runningSpread } from './running.js';
import { BYTES_PER_DB, SPEECH_BANDS, SPEECH_FEATURES } from './speech-features.js';
import { HIDDEN_WEIGHTS, OUTPUT_BIAS, OUTPUT_WEIGHTS } from './speech-weights.js';

/** Frames to each side: floor of the background, a syllable's surroundings, a word's, a sentence's. */
const FLOOR_REACH = 100;
const SYLLABLE_REACH = 3;
const WORD_REACH = 8;
const SENTENCE_REACH = 24;
/** Level of loud frames: this share of the file's frames lies above it. */
const LOUD_SHARE = 0.1;

/** Frames that are described at a time, and those that their surroundings reach. */
const CHUNK_FRAMES = 8192;
const MARGIN_FRAMES = 128;

/** Probability of speech, 0 … 1, in each frame of a file's features; silence gives values near 0. */
export function speechProbabilities(features: Uint8Array): Float32Array {
  const frameCount = features.length / SPEECH_FEATURES;
  const probabilities = new Float32Array(frameCount);
  const loudDb = loudLevelDb(features);
  for (let start = 0; start < frameCount; start += CHUNK_FRAMES) {
    const end = Math.min(frameCount, start + CHUNK_FRAMES);
    const from = Math.max(0, start - MARGIN_FRAMES);
    const to = Math.min(frameCount, end + MARGIN_FRAMES);
    const rows = describeFrames(features.subarray(from * SPEECH_FEATURES, to * SPEECH_FEATURES), loudDb);
    const scores = runningMean(scoresOf(rows, to - from), 1);
    for (let t = start; t < end; t++) probabilities[t] = 1 / (1 + Math.exp(-scores[t - from]!));
  }
  return probabilities;
}

function scoresOf(rows: readonly Float64Array[], frameCount: number): Float64Array {
  const scores = new Float64Array(frameCount).fill(OUTPUT_BIAS);
  for (const [unit, weights] of HIDDEN_WEIGHTS.entries()) {
    for (let t = 0; t < frameCount; t++) {
      let sum = weights[0]!;
      for (let k = 0; k < rows.length; k++) sum += weights[k + 1]! * rows[k]![t]!;
      scores[t]! += OUTPUT_WEIGHTS[unit]! * Math.tanh(sum);
    }
  }
  return scores;
}

/** Bands in which a voice is loud. */
const LEVEL_BANDS = [1, 8] as const;

/** The level that the loudest frames of a file pass, in dB above that of byte 0. */
export function loudLevelDb(features: Uint8Array): number {
  const frameCount = features.length / SPEECH_FEATURES;
  const [low, high] = LEVEL_BANDS;
  const counts = new Float64Array(256 * (high - low));
  for (let t = 0; t < frameCount; t++) {
    let sum = 0;
    for (let band = low; band < high; band++) sum += features[t * SPEECH_FEATURES + band]!;
    counts[sum]!++;
  }
  let above = frameCount * LOUD_SHARE;
  let sum = counts.length - 1;
  while (sum > 0 && above > counts[sum]!) above -= counts[sum--]!;
  return sum / (high - low) / BYTES_PER_DB;
}

/** The model's inputs, [input][frame], each within some units of 0; `loudDb` is that of the whole file. */
export function describeFrames(features: Uint8Array, loudDb: number): Float64Array[] {
  const frameCount = features.length / SPEECH_FEATURES;
  const column = (k: number) =>
    Float64Array.from({ length: frameCount }, (_, t) => features[t * SPEECH_FEATURES + k]!);
  const bandsDb = Array.from({ length: SPEECH_BANDS }, (_, band) =>
    column(band).map((byte) => byte / BYTES_PER_DB),
  );
  const aboveFloor = bandsDb.map((levels) => {
    const floor = runningMinimum(runningMean(levels, 2), FLOOR_REACH);
    return levels.map((level, t) => clamp((level - floor[t]!) / 20, 0, 2));
  });
  const meanOf = (rows: readonly Float64Array[]) =>
    Float64Array.from({ length: frameCount }, (_, t) => {
      let sum = 0;
      for (const row of rows) sum += row[t]!;
      return sum / rows.length;
    });
  const low = meanOf(aboveFloor.slice(0, 4));
  const high = meanOf(aboveFloor.slice(5));
  const rise = meanOf(aboveFloor);
  const level = meanOf(bandsDb.slice(...LEVEL_BANDS));
  const relative = level.map((value) => clamp((value - loudDb) / 20, -2.5, 0.5));
  const periodic = column(SPEECH_BANDS).map((byte) => byte / 255);
  const glide = pitchGlide(column(SPEECH_BANDS + 1), periodic);
  const movement = runningSpread(relative, WORD_REACH);
  const steady = runningMean(glide, WORD_REACH);
  return [
    low,
    high,
    runningMean(rise, SYLLABLE_REACH),
    runningMean(rise, SENTENCE_REACH),
    relative,
    runningMean(relative, SYLLABLE_REACH),
    periodic,
    runningMean(periodic, SYLLABLE_REACH),
    runningSpread(periodic, SENTENCE_REACH),
    movement,
    runningSpread(relative, SENTENCE_REACH),
    steady,
    meanOf(bandsDb.slice(0, 4)).map((value, t) => (value - level[t]!) / 20),
    meanOf(bandsDb.slice(7)).map((value, t) => (value - level[t]!) / 20),
    runningMean(shapeChange(bandsDb), WORD_REACH),
    runningMean(shapeChange(bandsDb), SENTENCE_REACH),
    runningMean(periodic, SENTENCE_REACH),
    runningMean(relative, SENTENCE_REACH),
    shareOfVoicing(periodic),
  ];
}

/** Mean change of the bands' levels from the frame before, beyond the change that all share, in tens of dB. */
function shapeChange(bandsDb: readonly Float64Array[]): Float64Array {
  return bandsDb[0]!.map((_, t) => {
    if (t === 0) return 0;
    let mean = 0;
    for (const levels of bandsDb) mean += (levels[t]! - levels[t - 1]!) / bandsDb.length;
    let change = 0;
    for (const levels of bandsDb) change += Math.abs(levels[t]! - levels[t - 1]! - mean) / bandsDb.length;
    return clamp(change / 10, 0, 2);
  });
}

/** Share of clearly voiced frames among those around. */
function shareOfVoicing(periodic: Float64Array): Float64Array {
  return runningMean(
    periodic.map((strength) => (strength > 0.7 ? 1 : 0)),
    SENTENCE_REACH,
  );
}

/** How far the pitch moves from frame to frame, as a share of an octave; 0 where a frame has none. */
function pitchGlide(lags: Float64Array, periodic: Float64Array): Float64Array {
  return lags.map((lag, t) => {
    const before = lags[t - 1] ?? 0;
    if (lag === 0 || before === 0 || periodic[t]! < 0.5 || periodic[t - 1]! < 0.5) return 0;
    return clamp(4 * Math.abs(Math.log2(lag / before)), 0, 1);
  });
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
