// A de-esser: where a voice hisses louder than its vowels allow, the band of the sibilant alone is turned down, by as
// much as it is too loud. A frame is a sibilant where its power lies above 4.5 kHz. Gains are smooth over some 30 ms.
import { bandPower, type FrameGains, fftSizeFor, type SpectralRule } from './spectral-repair.js';
import { distanceToSpeech, type Voice } from './voice.js';

export interface SibilanceOptions {
  readonly sampleRateHz: number;
  readonly voice: Voice;
  /** Level of a sibilant against the voice's vowels from which it is turned down, in dB. */
  readonly thresholdDb: number;
  /** Deepest gain, in dB. */
  readonly maxReductionDb: number;
}

const FRAME_SEC = 0.021;
/** The band that is turned down, the edge where that begins, and the vowels' band that it has to outweigh. */
const LOW_HZ = 4500;
const EDGE_HZ = 3500;
const HIGH_HZ = 12_000;
const VOWEL_HZ = [200, 3000] as const;
const OUTWEIGHS = 2;
/** Less than this is no damage. */
const LEAST_DB = 1;
/** Speech has sibilants up to so far from what a detector calls speech. */
const REACH_SEC = 0.15;
const SMOOTH_REACH = 3;

/** The rule. At rates without a band above 4.5 kHz it does nothing. */
export function createSibilanceRule(options: SibilanceOptions): SpectralRule {
  const { sampleRateHz, voice } = options;
  const fftSize = fftSizeFor(FRAME_SEC, sampleRateHz);
  const hopFrames = fftSize / 4;
  const binOf = (hz: number) => Math.min(fftSize / 2 + 1, Math.round((hz * fftSize) / sampleRateHz));
  const shape = bandShape(fftSize / 2 + 1, binOf(EDGE_HZ), binOf(LOW_HZ));
  const threshold = voice.power * 10 ** (options.thresholdDb / 10);
  return {
    fftSize,
    hopFrames,
    contextFrames: SMOOTH_REACH,
    decide(spectra, first, last) {
      const wanted = new Float64Array(last - first + 1 + 2 * SMOOTH_REACH);
      for (let n = 0; n < wanted.length; n++) {
        const frame = first - SMOOTH_REACH + n;
        const high = bandPower(spectra, frame, binOf(LOW_HZ), binOf(HIGH_HZ));
        if (
          !(high > threshold) ||
          !(high > OUTWEIGHS * bandPower(spectra, frame, binOf(VOWEL_HZ[0]), binOf(VOWEL_HZ[1])))
        )
          continue;
        if (distanceToSpeech(voice.spans, frame * hopFrames) > REACH_SEC * sampleRateHz) continue;
        const overDb = 10 * Math.log10(high / threshold);
        if (overDb >= LEAST_DB) wanted[n] = Math.min(overDb, options.maxReductionDb);
      }
      const decided: FrameGains[] = [];
      for (let frame = first; frame <= last; frame++) {
        const at = frame - first + SMOOTH_REACH;
        decided.push(gainsOf(smoothedAt(wanted, at), shape, wanted[at]! > 0 ? wanted[at]! : undefined));
      }
      return decided;
    },
  };
}

/** Largest wish nearby, then a mean: reductions begin before the sibilant and end after it, without steps. */
function smoothedAt(wanted: Float64Array, at: number): number {
  let sum = 0;
  for (let d = -1; d <= 1; d++)
    sum += Math.max(wanted[at + d - 1] ?? 0, wanted[at + d] ?? 0, wanted[at + d + 1] ?? 0);
  return sum / 3;
}

function gainsOf(reductionDb: number, shape: Float32Array, severityDb: number | undefined): FrameGains {
  if (reductionDb === 0) return { gains: undefined };
  return { gains: shape.map((share) => 10 ** ((-reductionDb * share) / 20)), severityDb };
}

/** 0 below the edge, 1 in the band, a straight line in between. */
function bandShape(binCount: number, edgeBin: number, lowBin: number): Float32Array {
  return Float32Array.from({ length: binCount }, (_, k) =>
    Math.min(1, Math.max(0, (k - edgeBin) / Math.max(1, lowBin - edgeBin))),
  );
}
