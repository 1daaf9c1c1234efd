// Looks for hum far below loud music that never pauses. Over 14 s a line of the mains stands as sharp as the transform can
// show it, while the notes around it, shorter or with vibrato, smear; means over a minute show combs that no single second
// does. Sequenced music has sharp lines too, at multiples of its bars' rate: combs at every other fundamental near the
// mains are the rivals, and hum has to stand out from the best of them.
// Says where the fundamental is; what belongs to it is told by hum-track.ts.
import { createResampledReader, type FrameSource } from '../resample.js';
import { createStft } from '../stft.js';
import { COMB_STEP_SEC, LOW_RATE_HZ, MAINS_HZ, type MainsTrack, REACH_HZ } from './hum-lines.js';

const FFT_SIZE = 65_536;
const STEP_FRAMES = FFT_SIZE / 4;
const BIN_HZ = LOW_RATE_HZ / FFT_SIZE;
const HARMONICS = 12;
/** Fundamentals that are tried; rivals keep away from the mains by this much. */
const LOWEST_HZ = 44;
const HIGHEST_HZ = 68;
const GRID_HZ = 0.005;
const RIVAL_DISTANCE_HZ = 1;
/** A line is compared with the mean level from here to there on both sides. */
const NEAR_BINS = Math.ceil(0.35 / BIN_HZ);
const FAR_BINS = Math.ceil(2.5 / BIN_HZ);
/** A harmonic's score: what its line has above this, at most so much. */
const LINE_DB = 3;
const LARGEST_LINE_DB = 12;
const QUIETEST_POWER = 1e-9;
/** Spectra that a mean needs; a file that has fewer in all makes do with what it has. */
const LEAST_SPECTRA = 4;
/** Hum has this score, in all harmonics together, and so many times that of the best rival, nearly all the time. */
const LEAST_SCORE_DB = 24;
const LEAST_RATIO = 1.5;
const LEAST_SHARE = 0.7;

/** The combs of one range. */
export interface LongCombs {
  readonly spectrumCount: number;
  /** The best fundamental near each of MAINS_HZ, and its score in dB. */
  readonly mains: readonly { readonly hz: number; readonly score: number }[];
  /** The best score of all other fundamentals. */
  readonly rivalScore: number;
}

/**
 * Combs of the spectra that begin inside of the range and end inside of the file. Channels are summed in power. No
 * spectrum gives scores of 0.
 */
export function measureLongCombs(source: FrameSource, startFrame: number, endFrame: number): LongCombs {
  const low = createResampledReader(source, LOW_RATE_HZ);
  const stft = createStft({ fftSize: FFT_SIZE, hopFrames: STEP_FRAMES, window: 'hann' });
  const block = Array.from({ length: source.channelCount }, () => new Float64Array(FFT_SIZE));
  const re = new Float64Array(stft.binCount);
  const im = new Float64Array(stft.binCount);
  const lineCount = Math.ceil((HARMONICS * HIGHEST_HZ) / BIN_HZ) + 2;
  const levelDb = new Float64Array(lineCount + FAR_BINS);
  const linesDb = new Float64Array(lineCount);
  const stepFrames = (STEP_FRAMES * source.sampleRateHz) / LOW_RATE_HZ;
  let spectrumCount = 0;
  for (let index = Math.ceil(startFrame / stepFrames); index * stepFrames < endFrame; index++) {
    if (index * STEP_FRAMES + FFT_SIZE > low.frameCount) break;
    low.read(index * STEP_FRAMES, block);
    levelDb.fill(QUIETEST_POWER);
    for (const samples of block) {
      stft.analyse(samples, 0, re, im);
      for (let k = 0; k < levelDb.length; k++) levelDb[k] = levelDb[k]! + re[k]! ** 2 + im[k]! ** 2;
    }
    for (let k = 0; k < levelDb.length; k++) levelDb[k] = 10 * Math.log10(levelDb[k]!);
    addLines(levelDb, linesDb);
    spectrumCount++;
  }
  for (let k = 0; k < lineCount; k++) linesDb[k] = linesDb[k]! / Math.max(1, spectrumCount);
  const mains = MAINS_HZ.map((mainsHz) => bestIn(linesDb, mainsHz - REACH_HZ, mainsHz + REACH_HZ));
  const borders = MAINS_HZ.flatMap((mainsHz) => [mainsHz - RIVAL_DISTANCE_HZ, mainsHz + RIVAL_DISTANCE_HZ]);
  const edges = [LOWEST_HZ, ...borders, HIGHEST_HZ];
  let rivalScore = 0;
  for (let n = 0; n < edges.length; n += 2)
    rivalScore = Math.max(rivalScore, bestIn(linesDb, edges[n]!, edges[n + 1]!).score);
  return { spectrumCount, mains, rivalScore };
}

/** Adds to each line how far it stands out from the mean level beside it. */
function addLines(levelDb: Float64Array, linesDb: Float64Array): void {
  const sums = new Float64Array(levelDb.length + 1);
  for (let k = 0; k < levelDb.length; k++) sums[k + 1] = sums[k]! + levelDb[k]!;
  const count = 2 * (FAR_BINS - NEAR_BINS + 1);
  for (let k = FAR_BINS; k < linesDb.length; k++) {
    const below = sums[k - NEAR_BINS + 1]! - sums[k - FAR_BINS]!;
    const above = sums[k + FAR_BINS + 1]! - sums[k + NEAR_BINS]!;
    linesDb[k] = linesDb[k]! + levelDb[k]! - (below + above) / count;
  }
}

function bestIn(linesDb: Float64Array, fromHz: number, toHz: number): { hz: number; score: number } {
  let best = { hz: fromHz, score: 0 };
  for (let n = 0; n * GRID_HZ <= toHz - fromHz; n++) {
    const hz = fromHz + n * GRID_HZ;
    const score = scoreOf(linesDb, hz);
    if (score > best.score) best = { hz, score };
  }
  return best;
}

/** How far the lines at multiples of a frequency stand out, all together, in dB. */
function scoreOf(linesDb: Float64Array, fundamentalHz: number): number {
  let score = 0;
  for (let k = 1; k <= HARMONICS; k++) {
    const bin = (k * fundamentalHz) / BIN_HZ;
    const low = Math.floor(bin);
    const lineDb = linesDb[low]! + (bin - low) * (linesDb[low + 1]! - linesDb[low]!);
    score += Math.min(Math.max(lineDb - LINE_DB, 0), LARGEST_LINE_DB);
  }
  return score;
}

/**
 * The fundamental every COMB_STEP_SEC, or undefined where no hum stands out from its rivals in nearly all ranges. Between
 * the middles of ranges it runs straight.
 * @param ranges the combs of the file's ranges, in order, all of `rangeSec`
 * @param durationSec of the file
 */
export function trackSoftHum(
  ranges: readonly LongCombs[],
  rangeSec: number,
  durationSec: number,
): MainsTrack | undefined {
  const most = Math.max(0, ...ranges.map(({ spectrumCount }) => spectrumCount));
  const heard = ranges
    .map((combs, index) => ({ ...combs, middleSec: (index + 0.5) * rangeSec }))
    .filter(({ spectrumCount }) => spectrumCount > 0 && spectrumCount >= Math.min(most, LEAST_SPECTRA));
  let best: MainsTrack | undefined;
  let bestShare = 0;
  for (const [which, mainsHz] of MAINS_HZ.entries()) {
    const speaking = heard.filter(({ mains, rivalScore }) => {
      const { score } = mains[which]!;
      return score >= LEAST_SCORE_DB && score >= LEAST_RATIO * rivalScore;
    });
    const share = speaking.length / heard.length;
    if (!(share >= LEAST_SHARE && share > bestShare)) continue;
    const places = speaking.map(({ middleSec, mains }) => ({ sec: middleSec, hz: mains[which]!.hz }));
    const frameCount = Math.max(1, Math.ceil(durationSec / COMB_STEP_SEC));
    best = {
      mainsHz,
      track: Float64Array.from({ length: frameCount }, (_, n) => at(places, n * COMB_STEP_SEC)),
    };
    bestShare = share;
  }
  return best;
}

/** The value between the places around a time, held at both ends. */
function at(places: readonly { readonly sec: number; readonly hz: number }[], sec: number): number {
  const next = places.findIndex((place) => place.sec > sec);
  if (next < 0) return places.at(-1)!.hz;
  const after = places[next]!;
  const before = places[next - 1] ?? after;
  const share = after === before ? 0 : (sec - before.sec) / (after.sec - before.sec);
  return before.hz + share * (after.hz - before.hz);
}
