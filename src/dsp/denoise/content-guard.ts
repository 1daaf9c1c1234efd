// Did a denoiser take some of the voice? Compares what went in with what came out, 32 ms at a time at 16 kHz, by four
// signs: what was taken away is periodic at the voice's own pitch; the voice's band lost energy where the voice was
// clear; the residual correlates with what was left; an onset of the voice is gone, or its pitch has moved.
// Where the input itself is too noisy to show a voice, nothing can be said, and nothing is.
import {
  BYTES_PER_DB,
  createSpeechMeter,
  LEVEL_FLOOR_DBFS,
  SPEECH_BANDS,
  SPEECH_FEATURES,
  SPEECH_HOP,
  SPEECH_MARGIN,
} from '../voice-activity/speech-features.js';

/** Reads mono samples at 16 kHz; zeros outside of the file. */
export type SampleSource = (startSample: number, into: Float32Array) => void;

/** Signs of one frame, as bits. */
export const SIGNS = {
  residualVoice: 1,
  energyLost: 2,
  correlated: 4,
  onsetLost: 8,
  pitchMoved: 16,
  voiced: 32,
} as const;

/** A frame shows a voice where it is so periodic (of 255), and so loud. */
const CLEAR_STRENGTH = 165;
const CLEAR_DBFS = -60;
/** The residual holds a voice where it is so periodic at the input's pitch, and not much softer than the input. */
const RESIDUAL_STRENGTH = 140;
const SAME_PITCH = 0.06;
const RESIDUAL_BELOW_DB = 14;
/** A clear voice that loses so much of its band has lost more than noise. */
const LOST_DB = 5;
const CORRELATION = 0.35;
const ONSET_DB = 12;
const ONSET_KEPT_DB = 4;
/** Bands from 350 Hz to 3.2 kHz, which carry the words. */
const FIRST_BAND = 2;
const END_BAND = 8;

/** Signs of the frames [firstFrame, endFrame), a byte each; both sources are read once, and held. */
export type SignMeter = (
  input: SampleSource,
  output: SampleSource,
  firstFrame: number,
  endFrame: number,
) => Uint8Array;

/** A meter with its tables, for range after range. */
export function createSignMeter(): SignMeter {
  const meter = createSpeechMeter();
  return (input, output, firstFrame, endFrame) => {
    // Two frames before show onsets.
    const from = firstFrame - 2;
    const startSample = from * SPEECH_HOP - SPEECH_MARGIN;
    const length = (endFrame - from) * SPEECH_HOP + 2 * SPEECH_MARGIN;
    const [x, y] = [new Float32Array(length), new Float32Array(length)];
    input(startSample, x);
    output(startSample, y);
    const features = (samples: Float32Array): Uint8Array =>
      meter(
        (start, into) => into.set(samples.subarray(start - startSample, start - startSample + into.length)),
        from,
        endFrame,
      );
    const parts = { before: features(x), after: features(y), taken: features(x.map((v, n) => v - y[n]!)) };
    return signsOf(parts, endFrame - firstFrame, (index) => {
      const at = (index + 2) * SPEECH_HOP + SPEECH_MARGIN;
      return correlationOf(x.subarray(at, at + SPEECH_HOP), y.subarray(at, at + SPEECH_HOP));
    });
  };
}

/**
 * @param parts features of input, output and residual, from two frames before the first on
 * @param correlationAt of residual and output in a frame, counted from the first
 */
function signsOf(
  parts: { readonly before: Uint8Array; readonly after: Uint8Array; readonly taken: Uint8Array },
  count: number,
  correlationAt: (index: number) => number,
): Uint8Array {
  const { before, after, taken } = parts;
  const signs = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const at = (index + 2) * SPEECH_FEATURES;
    const strength = at + SPEECH_BANDS;
    const lag = strength + 1;
    const levelDb = bandLevelDb(before, at);
    const leftDb = bandLevelDb(after, at);
    if (!(before[strength]! >= CLEAR_STRENGTH) || levelDb < CLEAR_DBFS) continue;
    let sign: number = SIGNS.voiced;
    const isSamePitch = (of: Uint8Array) => Math.abs(of[lag]! - before[lag]!) <= SAME_PITCH * before[lag]!;
    if (
      taken[strength]! >= RESIDUAL_STRENGTH &&
      isSamePitch(taken) &&
      bandLevelDb(taken, at) > levelDb - RESIDUAL_BELOW_DB
    )
      sign |= SIGNS.residualVoice;
    if (levelDb - leftDb > LOST_DB) sign |= SIGNS.energyLost;
    if (after[strength]! >= CLEAR_STRENGTH && !isSamePitch(after) && !isOctave(after[lag]!, before[lag]!))
      sign |= SIGNS.pitchMoved;
    const early = at - 2 * SPEECH_FEATURES;
    const rise = levelDb - bandLevelDb(before, early);
    if (rise > ONSET_DB && leftDb - bandLevelDb(after, early) < ONSET_KEPT_DB) sign |= SIGNS.onsetLost;
    if (correlationAt(index) > CORRELATION) sign |= SIGNS.correlated;
    signs[index] = sign;
  }
  return signs;
}

/** Whether two lags are an octave apart, which is a detector's slip and no change. */
function isOctave(a: number, b: number): boolean {
  const ratio = a / b;
  return Math.abs(ratio - 2) < 0.15 || Math.abs(ratio - 0.5) < 0.05;
}

function bandLevelDb(features: Uint8Array, at: number): number {
  let power = 0;
  for (let band = FIRST_BAND; band < END_BAND; band++)
    power += 10 ** ((LEVEL_FLOOR_DBFS + features[at + band]! / BYTES_PER_DB) / 10);
  return 10 * Math.log10(power);
}

/** Correlation of the residual x − y with y. */
function correlationOf(x: Float32Array, y: Float32Array): number {
  let both = 0;
  let ofResidual = 0;
  let ofOutput = 0;
  for (let n = 0; n < x.length; n++) {
    const residual = x[n]! - y[n]!;
    both += residual * y[n]!;
    ofResidual += residual * residual;
    ofOutput += y[n]! * y[n]!;
  }
  return both / Math.sqrt(ofResidual * ofOutput + 1e-20);
}

/** A place where the voice was altered, in seconds, and the share of the voice's frames there that show it. */
export interface AlteredPlace {
  readonly startSec: number;
  readonly endSec: number;
  readonly share: number;
}

const FRAME_SEC = 0.032;
/** Frames of a place are looked at together: 0.4 s, half of whose clear frames must show it. */
const REACH = 6;
const LEAST_VOICED = 4;
const LEAST_SHARE = 0.5;
/** Shorter places are chance; all together they matter from this share of the time in which a voice is clear. */
const SHORTEST_SEC = 0.25;
const LEAST_ALTERED = 0.1;

/** Whether a frame's signs, together, mean that voice was taken. */
function isAltered(sign: number): boolean {
  const has = (bit: number) => (sign & bit) !== 0;
  return (
    (has(SIGNS.energyLost) && (has(SIGNS.residualVoice) || has(SIGNS.correlated))) ||
    (has(SIGNS.residualVoice) && has(SIGNS.correlated)) ||
    has(SIGNS.onsetLost) ||
    (has(SIGNS.pitchMoved) && has(SIGNS.energyLost))
  );
}

/** What the signs of a whole file say. */
export interface GuardVerdict {
  readonly isAltered: boolean;
  /** Time in which the input shows a clear voice. */
  readonly clearVoiceSec: number;
  readonly places: readonly AlteredPlace[];
}

/** Whether the voice was altered, and where. */
export function judgeContent(signs: Uint8Array): GuardVerdict {
  const places = findAlteredPlaces(signs).filter(({ startSec, endSec }) => endSec - startSec >= SHORTEST_SEC);
  const alteredSec = places.reduce((sum, { startSec, endSec }) => sum + endSec - startSec, 0);
  const clearVoiceSec =
    FRAME_SEC * signs.reduce((sum, sign) => sum + ((sign & SIGNS.voiced) === 0 ? 0 : 1), 0);
  return { isAltered: alteredSec > LEAST_ALTERED * clearVoiceSec, clearVoiceSec, places };
}

/** The places, in order, apart from each other. */
function findAlteredPlaces(signs: Uint8Array): AlteredPlace[] {
  const places: { startSec: number; endSec: number; altered: number; voiced: number }[] = [];
  for (let frame = 0; frame < signs.length; frame++) {
    let voiced = 0;
    let altered = 0;
    for (let n = Math.max(0, frame - REACH); n <= Math.min(signs.length - 1, frame + REACH); n++) {
      if ((signs[n]! & SIGNS.voiced) === 0) continue;
      voiced++;
      if (isAltered(signs[n]!)) altered++;
    }
    if (voiced < LEAST_VOICED || altered < LEAST_SHARE * voiced) continue;
    const last = places.at(-1);
    const startSec = frame * FRAME_SEC;
    if (last !== undefined && startSec <= last.endSec + FRAME_SEC) {
      last.endSec = startSec + FRAME_SEC;
      last.altered += altered;
      last.voiced += voiced;
    } else places.push({ startSec, endSec: startSec + FRAME_SEC, altered, voiced });
  }
  return places.map(({ startSec, endSec, altered, voiced }) => ({
    startSec,
    endSec,
    share: altered / voiced,
  }));
}
