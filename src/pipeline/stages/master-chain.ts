// Builds the chain before the limiter: which devices, with which settings, and why, out of the measures of the mix, the
// character, the curve or reference, and what the target asks for. Pure.
import { type BandHistograms, expectedReductionDb, levelExceeded } from '../../dsp/bands/band-levels.js';
import { BAND_COUNT } from '../../dsp/bands/four-band-split.js';
import { type GainPoint, gainAt } from '../../dsp/equaliser/fir-design.js';
import { bandPower } from '../../dsp/spectrum/bands.js';
import { powerToDb, roundTo } from '../../units.js';
import type { MasterTarget } from '../master-target.js';
import type { Character } from './master-characters.js';

/** A device as chains and reports name it. */
export interface ChainLink {
  readonly device: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly reason: string;
}

export type Corners = readonly [number, number, number];

/** Corners of the dynamics' bands. */
export const CORNERS_HZ: Corners = [120, 800, 5000];

export interface ChainEvidence {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  /** Mean power per bin. */
  readonly powers: Float64Array;
  readonly samplePeakDbfs: number;
  readonly sideToMidDb: number | null;
  readonly monoLossDb: number | null;
  /** null where the plan does not need them. */
  readonly bandLevels: BandHistograms | null;
}

export interface ChainPlan {
  readonly target: MasterTarget;
  readonly character: Character;
  /** Share of the character's dynamics, 0 to 100. */
  readonly dynamicsPercent: number;
  /** Gain curve of the correction, empty for none, and why. */
  readonly correction: { readonly points: readonly GainPoint[]; readonly reason: string };
  readonly phase: 'linear' | 'minimum';
  /** Widths from a reference, from the lowest band; the character's own otherwise. */
  readonly widthsPercent: readonly number[] | null;
  /** Lowest ratio of compression in all bands, from a reference that is denser than the mix. */
  readonly referenceRatio: number;
}

/** Power below hearing, against all, from which on a filter takes it away. */
const SUBSONIC_SHARE_DB = -50;
/** No widening where the mix already loses this much in mono. */
const FRAGILE_MONO_LOSS_DB = 3.5;
const LOUD_SHARE = 0.1;
/** A top that comes this near to the loud passages of the bands of voices is too loud for a cutting head. House rule. */
const SIBILANT_BELOW_VOICE_DB = 10;
const SIBILANT_CORNER_HZ = 4000;

/** The devices in order; may be empty. */
export function buildChain(plan: ChainPlan, evidence: ChainEvidence): ChainLink[] {
  return [
    ...subsonicLink(plan, evidence),
    ...equaliserLink(plan),
    ...multibandLink(plan, evidence),
    ...saturatorLink(plan, evidence),
    ...deEsserLink(plan, evidence),
    ...widthLink(plan, evidence),
  ];
}

/** Whether the chain of a plan has devices that are set by the levels of bands. */
export function needsBandLevels({
  target,
  character,
  referenceRatio,
}: Omit<ChainPlan, 'correction'>): boolean {
  const { ratios, transientDb } = character;
  return (
    target.tamesSibilance ||
    referenceRatio > 1 ||
    ratios.some((ratio) => ratio > 1) ||
    transientDb.some((gainDb) => gainDb !== 0)
  );
}

function subsonicLink({ target }: ChainPlan, { powers, sampleRateHz }: ChainEvidence): ChainLink[] {
  const binHz = sampleRateHz / 2 / (powers.length - 1);
  const total = powers.reduce((sum, power) => sum + power, 0);
  const shareDb = powerToDb(
    (powers[0]! + bandPower(powers, binHz, 0.5 * binHz, 20) + 1e-30) / (total + 1e-30),
  );
  const isVinyl = target.monoBelowHz !== undefined && target.tamesSibilance;
  if (shareDb < SUBSONIC_SHARE_DB && !isVinyl) return [];
  return [
    {
      device: 'subsonic',
      settings: { cutoffHz: isVinyl ? 30 : 22 },
      reason: `${shareDb.toFixed(1)} dB of the power lie below 20 Hz${isVinyl ? ', and the groove asks for none' : ''}.`,
    },
  ];
}

function equaliserLink({ correction, phase }: ChainPlan): ChainLink[] {
  if (correction.points.length === 0) return [];
  return [
    { device: 'fir-equaliser', settings: { points: correction.points, phase }, reason: correction.reason },
  ];
}

function multibandLink(plan: ChainPlan, { bandLevels }: ChainEvidence): ChainLink[] {
  if (bandLevels === null) return [];
  const { character, correction } = plan;
  const share = plan.dynamicsPercent / 100;
  const numbers: string[] = [];
  const bands = Array.from({ length: BAND_COUNT }, (_, index) => {
    const histogram = bandLevels[index]!;
    const shiftDb = meanGain(correction.points, index);
    const loudDb = levelExceeded(histogram, LOUD_SHARE);
    const own = 1 + (Math.max(character.ratios[index]!, plan.referenceRatio) - 1) * share;
    const ratio = loudDb === null ? 1 : roundTo(own, 2);
    const thresholdDbfs = levelOption((loudDb ?? 0) + shiftDb - character.thresholdBelowLoudDb);
    const curve = { thresholdDbfs, ratio, kneeDb: 8 };
    const makeupDb = roundTo(Math.min(12, expectedReductionDb(histogram, curve, shiftDb)), 2);
    if (loudDb !== null) numbers.push((loudDb + shiftDb).toFixed(0));
    return {
      ...curve,
      attackMs: character.attackMs[index]!,
      releaseMs: character.releaseMs[index]!,
      makeupDb,
      transientDb: roundTo(character.transientDb[index]! * share, 2),
    };
  });
  if (bands.every(({ ratio, transientDb }) => ratio === 1 && transientDb === 0)) return [];
  return [
    {
      device: 'multiband',
      settings: { cornersHz: CORNERS_HZ, bands },
      reason: `The bands are louder than ${numbers.join(', ')} dBFS for a tenth of the time; thresholds lie under that, make-up gives back what the curve takes on average.`,
    },
  ];
}

/** A level that devices take as a threshold. */
function levelOption(levelDb: number): number {
  return roundTo(Math.min(0, Math.max(-100, levelDb)), 1);
}

/** Sibilants stand out of the top itself, or come near to the loud passages of the bands that vowels lie in. */
function deEsserLink({ target, correction }: ChainPlan, { bandLevels }: ChainEvidence): ChainLink[] {
  if (!target.tamesSibilance || bandLevels === null) return [];
  const loudOf = (band: number): number | null => {
    const levelDb = levelExceeded(bandLevels[band]!, LOUD_SHARE);
    return levelDb === null ? null : levelDb + meanGain(correction.points, band);
  };
  const topDb = loudOf(BAND_COUNT - 1);
  if (topDb === null) return [];
  const voiceDb = Math.max(loudOf(1) ?? topDb, loudOf(2) ?? topDb);
  const thresholdDbfs = levelOption(Math.min(topDb, voiceDb - SIBILANT_BELOW_VOICE_DB));
  const numbers = `For a tenth of the time the top is louder than ${topDb.toFixed(0)} dBFS, the bands of voices than ${voiceDb.toFixed(0)} dBFS.`;
  return [
    {
      device: 'de-esser',
      settings: { cornerHz: SIBILANT_CORNER_HZ, thresholdDbfs, ratio: 4, maxReductionDb: 8 },
      reason: numbers,
    },
  ];
}

/** Mean gain of the correction over a band, in dB. */
function meanGain(points: readonly GainPoint[], band: number): number {
  if (points.length === 0) return 0;
  const edges = [40, ...CORNERS_HZ, 14_000];
  const [low, high] = [edges[band]!, edges[band + 1]!];
  const steps = 8;
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += gainAt(points, low * (high / low) ** ((i + 0.5) / steps));
  return sum / steps;
}

function saturatorLink({ character }: ChainPlan, { samplePeakDbfs }: ChainEvidence): ChainLink[] {
  if (character.peakIntoCurveDb === null || character.saturationMixPercent === 0) return [];
  const driveDb = roundTo(Math.min(18, Math.max(-12, character.peakIntoCurveDb - samplePeakDbfs)), 1);
  return [
    {
      device: 'saturator',
      settings: { driveDb, evenPercent: character.evenPercent, mixPercent: character.saturationMixPercent },
      reason: `Brings the peak of ${samplePeakDbfs.toFixed(1)} dBFS to ${character.peakIntoCurveDb} dB against the knee of the curve.`,
    },
  ];
}

function widthLink(plan: ChainPlan, { channelCount, sideToMidDb, monoLossDb }: ChainEvidence): ChainLink[] {
  const { target, character } = plan;
  if (channelCount < 2 || target.isMono || sideToMidDb === null || sideToMidDb < -60) return [];
  const reasons = [`side at ${sideToMidDb.toFixed(1)} dB of the mid`];
  let widths: number[] = [...(plan.widthsPercent ?? character.widthsPercent)];
  if (plan.widthsPercent !== null) reasons.push('widths of the reference');
  if ((monoLossDb ?? 0) > FRAGILE_MONO_LOSS_DB) {
    widths = widths.map((width) => Math.min(100, width));
    reasons.push(`no widening: the mix loses ${monoLossDb!.toFixed(1)} dB in mono`);
  }
  let cornersHz: Corners = CORNERS_HZ;
  if (target.monoBelowHz !== undefined) {
    // Half an octave above the rule the side still passes by a half; at the rule it is 14 dB down.
    cornersHz = [Math.round(target.monoBelowHz * Math.SQRT2), CORNERS_HZ[1], CORNERS_HZ[2]];
    widths[0] = 0;
    reasons.push(`mono below ${target.monoBelowHz} Hz as the target asks`);
  }
  if (widths.every((width) => Math.abs(width - 100) < 1)) return [];
  const widthsPercent = widths.map((width) => Math.round(width));
  return [
    { device: 'stereo-width', settings: { cornersHz, widthsPercent }, reason: `${reasons.join('; ')}.` },
  ];
}
