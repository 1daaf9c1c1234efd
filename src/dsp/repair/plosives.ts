// Plosives: the thump of breath on a microphone, below the voice's pitch and gone after a tenth of a second. Where it
// stands out from the low band around it and comes near the voice's own level, everything below the pitch is turned
// down to what was there before and after. Steady rumble and bass notes are longer, and are left alone.
import {
  bandPower,
  type FrameGains,
  fftSizeFor,
  type SpectralRule,
  type SpectraWindow,
} from './spectral-repair.js';
import { distanceToSpeech, type Voice } from './voice.js';

export interface PlosiveOptions {
  readonly sampleRateHz: number;
  readonly voice: Voice;
  /** Level of a thump against the voice's vowels from which it is turned down, in dB. */
  readonly thresholdDb: number;
  /** Deepest gain, in dB. */
  readonly maxReductionDb: number;
}

const FRAME_SEC = 0.085;
/** Where thumps are measured: below every voice's pitch. */
const LOW_HZ = 15;
const HIGH_HZ = 65;
/** What is turned down: all up to here, fading out to there. */
const CUT_HZ = 65;
const EDGE_HZ = 100;
/** A thump stands out by this from the low band half a second around it. */
const STANDS_OUT_DB = 12;
const AROUND_SEC = 0.5;
/** And it outweighs the voice's lowest harmonics: a deep voice does not. */
const PITCH_HZ = [75, 300] as const;
const OUTWEIGHS = 1.5;
/** Share of the frames around that lie below what is taken for their level. */
const AROUND_RANK = 0.4;
const REACH_SEC = 0.2;
/** Frames beside a thump that its flanks fill. */
const FLANK_FRAMES = 8;

/** The rule. */
export function createPlosiveRule(options: PlosiveOptions): SpectralRule {
  const { sampleRateHz, voice } = options;
  const fftSize = fftSizeFor(FRAME_SEC, sampleRateHz);
  const hopFrames = fftSize / 8;
  const reach = Math.round((AROUND_SEC * sampleRateHz) / hopFrames);
  const binOf = (hz: number) => Math.max(1, Math.round((hz * fftSize) / sampleRateHz));
  const shape = Float32Array.from({ length: fftSize / 2 + 1 }, (_, k) =>
    Math.min(1, Math.max(0, (binOf(EDGE_HZ) - k) / Math.max(1, binOf(EDGE_HZ) - binOf(CUT_HZ)))),
  );
  const threshold = voice.power * 10 ** (options.thresholdDb / 10);
  const lowPower = (spectra: SpectraWindow, frame: number) =>
    bandPower(spectra, frame, binOf(LOW_HZ), binOf(HIGH_HZ) + 1);
  return {
    fftSize,
    hopFrames,
    contextFrames: reach + FLANK_FRAMES,
    decide(spectra, first, last) {
      const powers = Float64Array.from({ length: spectra.frameCount }, (_, n) =>
        lowPower(spectra, spectra.firstFrame + n),
      );
      const aroundOf = (at: number) => {
        const near = powers.slice(Math.max(0, at - reach), at + reach + 1).sort();
        return near[Math.floor(AROUND_RANK * near.length)]!;
      };
      const isThump = (frame: number) => {
        const at = frame - spectra.firstFrame;
        const power = powers[at]!;
        return (
          power > threshold &&
          power > OUTWEIGHS * bandPower(spectra, frame, binOf(PITCH_HZ[0]), binOf(PITCH_HZ[1])) &&
          distanceToSpeech(voice.spans, frame * hopFrames) <= REACH_SEC * sampleRateHz &&
          power > aroundOf(at) * 10 ** (STANDS_OUT_DB / 10)
        );
      };
      const thumps = new Set<number>();
      for (let frame = first - FLANK_FRAMES; frame <= last + FLANK_FRAMES; frame++)
        if (isThump(frame)) thumps.add(frame);
      const decided: FrameGains[] = [];
      for (let frame = first; frame <= last; frame++) {
        const at = frame - spectra.firstFrame;
        let isNear = false;
        for (let d = -FLANK_FRAMES; d <= FLANK_FRAMES; d++) isNear ||= thumps.has(frame + d);
        const around = isNear ? aroundOf(at) : 0;
        if (!isNear || !(powers[at]! > around)) {
          decided.push({ gains: undefined });
          continue;
        }
        const target = Math.max(around, threshold / 100);
        const reductionDb = Math.min(
          options.maxReductionDb,
          10 * Math.log10(Math.max(1, powers[at]! / target)),
        );
        decided.push({
          gains: shape.map((share) => 10 ** ((-reductionDb * share) / 20)),
          severityDb: thumps.has(frame) ? 10 * Math.log10(powers[at]! / around) : undefined,
        });
      }
      return decided;
    },
  };
}
