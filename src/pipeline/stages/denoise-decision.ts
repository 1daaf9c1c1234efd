// What the stage `denoise` does with a file, by what was measured of it: which denoiser, or none and why.
// Pure functions over figures; the thresholds and the material behind them stand in docs/adr/denoise-guard.md.
import type { NoiseEvidence } from '../../dsp/denoise/noise-evidence.js';
import type { ResidualFigures } from '../../dsp/denoise/residual-meter.js';
import { powerToDb } from '../../units.js';

export const DENOISERS = ['deepfilternet3', 'embedded'] as const;
export type Denoiser = (typeof DENOISERS)[number];

/** Noise below this, or so far below the signal, is not worth touching the signal for. */
const INAUDIBLE_DBFS = -84;
const INAUDIBLE_BELOW_SIGNAL_DB = 70;
/** Steady sound this near to the signal belongs to the signal (cymbals, pads) unless it fills many bands … */
const BELIEVABLE_BELOW_SIGNAL_DB = 35;
const BROAD_SHARE = 0.5;
/** … and something moves above it. */
const MOVING_SPAN_DB = 12;
/** Levels of one voice or instrument span more than this between 300 Hz and 4 kHz; those of a mix less. */
const SOLO_SPAN_DB = 22;
/** A solo recording that spans less has something in its pauses. */
const CLEAN_SPAN_DB = 48;
/** Steady noise leaves the signal's levels at least this span; a file of nothing but noise has less. */
const SIGNAL_ABOVE_NOISE_DB = 3;
/** A residual less flat than this holds tones. */
const NOISE_FLATNESS = 0.6;
/** Less than this is left: the denoiser found no voice. */
const NOTHING_LEFT_DB = -0.7;
/** A residual this far below the signal does no harm, whatever it is. */
const HARMLESS_DB = -60;

/** Denoisers to try in order, or the reason for none. */
export type Decision = { readonly tries: readonly Denoiser[] } | { readonly reason: string };

/**
 * What to try on a file.
 * @param isWholeRecording false for a stem that a separator made
 */
export function chooseDenoisers(
  evidence: NoiseEvidence,
  asked: 'auto' | Denoiser,
  isInstalled: boolean,
  isWholeRecording: boolean,
): Decision {
  if (evidence.levelDbfs === null) return { reason: 'there is only silence' };
  const steadyReason = steadyNoiseReason(evidence);
  // A model that a person named is their decision.
  if (asked === 'deepfilternet3') return { tries: ['deepfilternet3'] };
  const isSolo = evidence.spanDb !== null && evidence.spanDb >= SOLO_SPAN_DB;
  if (steadyReason === undefined) {
    return {
      tries: asked === 'auto' && isInstalled && isSolo ? ['deepfilternet3', 'embedded'] : ['embedded'],
    };
  }
  const isNoisyVoice = isWholeRecording && isSolo && evidence.spanDb! < CLEAN_SPAN_DB;
  if (asked === 'auto' && isInstalled && isNoisyVoice) return { tries: ['deepfilternet3'] };
  return { reason: steadyReason };
}

/** Why there is no steady noise worth taking away; undefined where there is. */
function steadyNoiseReason(evidence: NoiseEvidence): string | undefined {
  const { noiseFloorDbfs, levelDbfs, steadyShare, spanDb } = evidence;
  if (noiseFloorDbfs === null) return 'no steady noise was found';
  const belowSignalDb = levelDbfs! - noiseFloorDbfs;
  if (noiseFloorDbfs < INAUDIBLE_DBFS || belowSignalDb > INAUDIBLE_BELOW_SIGNAL_DB) {
    return `the steady noise, at ${noiseFloorDbfs.toFixed(1)} dBFS, is too low to be worth it`;
  }
  if (belowSignalDb < SIGNAL_ABOVE_NOISE_DB) return 'nothing stands out from the noise';
  const isBroad = steadyShare >= BROAD_SHARE && spanDb !== null && spanDb >= MOVING_SPAN_DB;
  if (!isBroad && belowSignalDb < BELIEVABLE_BELOW_SIGNAL_DB) {
    return 'the steady sound in it belongs to the signal';
  }
  return undefined;
}

/** What would be lost if this residual were taken away; undefined where it is noise. */
export function harmOf(figures: ResidualFigures): string | undefined {
  const { inputEnergy, residualEnergy, flatnessSum, flatnessWeight } = figures;
  const residualDb = powerToDb(residualEnergy / inputEnergy);
  if (!(residualDb > HARMLESS_DB)) return undefined;
  if (residualDb > NOTHING_LEFT_DB) return 'it would take away nearly everything';
  const flatness = flatnessWeight > 0 ? flatnessSum / flatnessWeight : 1;
  if (flatness < NOISE_FLATNESS) return 'what it would take away holds tones of the signal';
  return undefined;
}
