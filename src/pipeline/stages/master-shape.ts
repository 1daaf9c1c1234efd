// The part of `master` before the limiter: chooses character and curve, measures what their settings need, and renders
// the chain into `shaped`. With references it measures the result and corrects once more.
import { type DeEsserFigures, deEsser } from '../../dsp/bands/de-esser.js';
import { gainAt } from '../../dsp/equaliser/fir-design.js';
import { firEqualiser } from '../../dsp/equaliser/fir-equaliser.js';
import { subsonic } from '../../dsp/equaliser/subsonic.js';
import { dynamicsFigures, stereoFigures } from '../../dsp/levels/figures.js';
import { loudnessFigures } from '../../dsp/loudness/programme.js';
import { thirdOctaveCentreHz } from '../../dsp/spectrum/bands.js';
import { type Correction, designCorrection, type TargetBand } from '../../dsp/spectrum/correction.js';
import { spectrumFigures } from '../../dsp/spectrum/figures.js';
import { meanPowers, type Spectrum } from '../../dsp/spectrum/spectrum-meter.js';
import { type StereoWidthOptions, stereoWidth } from '../../dsp/stereo/stereo-width.js';
import { dbToPower, roundTo } from '../../units.js';
import type { MasterTarget } from '../master-target.js';
import type { AudioRef, StageJob } from '../stage.js';
import { curveBands, loadTargetCurve } from '../target-curve.js';
import {
  buildChain,
  type ChainEvidence,
  type ChainLink,
  type ChainPlan,
  needsBandLevels,
} from './master-chain.js';
import { CHARACTERS, type Character } from './master-characters.js';
import { chooseCharacter } from './master-choice.js';
import type { MasterOptions } from './master-options.js';
import { bandsPass, shapePass } from './master-passes.js';
import { type Reference, sideShares } from './master-reference.js';
import type { MeasureWish, ProgrammeMeasures } from './measure-pass.js';

/** A mix on its way to the limiter, with its measures. */
export interface Shaped {
  readonly audio: AudioRef;
  readonly measures: ProgrammeMeasures;
  readonly links: readonly ChainLink[];
  /** What was chosen and why; undefined where nothing was. */
  readonly choice:
    | { readonly character: string; readonly curve: string; readonly reason: string }
    | undefined;
}

/** References may be farther from a mix than any curve, and are asked for by name. */
const REFERENCE_LIMIT_DB = 24;
const REFERENCE_EMPTY_DB = 45;
const REFERENCE_ROUNDS = 2;
/** Rounds of correction on the spectrum alone, before anything is rendered. */
const SPECTRUM_ROUNDS = 8;
/** A mean rest of less is not worth another render. */
const SMALL_REST_DB = 0.3;
/** A reference this much denser than the mix, in LU of peak to loudness, compresses by one more. */
const LU_PER_RATIO = 6;
const LARGEST_REFERENCE_RATIO = 3;

type Job = StageJob<MasterOptions>;
type Measure = (audio: AudioRef, what: MeasureWish) => Promise<ProgrammeMeasures>;

/** Runs the chain that the options ask for; the mix itself where they ask for none. */
export async function shapeMix(
  job: Job,
  target: MasterTarget,
  mix: AudioRef,
  before: ProgrammeMeasures,
  reference: Reference | undefined,
  measure: Measure,
): Promise<Shaped> {
  const { options } = job;
  const figures = figuresOf(mix, before);
  const isSilent = figures.loudness.integratedLufs === null;
  const isProcessed =
    !isSilent &&
    !options.linearOnly &&
    (options.albumGainDb === undefined || options.character !== 'auto') &&
    options.character !== 'none' &&
    (target.usesProcessing || options.character !== 'auto' || reference !== undefined);
  const isMono = target.isMono && mix.channelCount > 1;
  if (!isProcessed) {
    if (!isMono) return { audio: mix, measures: before, links: [], choice: undefined };
    return render(job, [monoLink(mix)], before, measure, undefined, isMono, false);
  }

  const wish = { ...options, character: options.character === 'none' ? 'auto' : options.character } as const;
  const choice = chooseCharacter(wish, { ...figures, hopMeans: before.levels!.hopMeans });
  const character = CHARACTERS[choice.character];
  const bands = reference?.bands ?? curveBands(loadTargetCurve(choice.curve));
  const amountPercent =
    reference === undefined
      ? (options.correctionPercent ?? character.correctionPercent)
      : options.referencePercent;
  const settings = {
    amountPercent,
    limitDb: reference === undefined ? options.correctionLimitDb : REFERENCE_LIMIT_DB,
    isTolerant: reference === undefined,
    ...(reference === undefined ? {} : { emptyDb: REFERENCE_EMPTY_DB }),
  };
  const plan: Omit<ChainPlan, 'correction'> = {
    target,
    character: reference === undefined ? character : withoutColour(character),
    dynamicsPercent: options.dynamicsPercent,
    phase: options.phase,
    widthsPercent: reference === undefined ? null : referenceWidths(before, mix, reference, amountPercent),
    referenceRatio:
      reference === undefined ? 1 : referenceRatio(figures.loudness.plrLu!, reference, amountPercent),
  };
  const evidence: ChainEvidence = {
    sampleRateHz: mix.sampleRateHz,
    channelCount: mix.channelCount,
    powers: figures.powers,
    samplePeakDbfs: figures.loudness.samplePeakDbfs!,
    sideToMidDb: figures.stereo.sideToMidDb,
    monoLossDb: figures.stereo.monoLossDb,
    bandLevels: needsBandLevels(plan) ? await job.scan(bandsPass, null, {}, { isShared: true }) : null,
  };
  const linksFor = (correction: Correction): ChainLink[] => {
    const { points } = correction;
    const reason = correctionReason(correction, choice.curve, reference);
    return buildChain({ ...plan, correction: { points, reason } }, evidence);
  };
  const shownChoice =
    reference === undefined
      ? { character: choice.character, curve: choice.curve, reason: choice.reason }
      : {
          character: 'reference',
          curve: 'reference',
          reason: 'spectrum, width and density of the references',
        };

  const wanted = towards(figures.spectrum.thirdOctavesDb, bands, amountPercent);
  const restOf = (levelsDb: readonly (number | null)[]): Correction =>
    designCorrection(levelsDb, wanted, { ...settings, amountPercent: 100 });
  let correction = designCorrection(figures.spectrum.thirdOctavesDb, bands, settings);
  if (reference !== undefined) {
    const spectrum = narrowed(before.spectrum!, linksFor(correction), mix.sampleRateHz);
    correction = refined(correction, meanPowers(spectrum, mix.channelCount), mix.sampleRateHz, restOf);
  }
  for (let round = 1; ; round++) {
    const links = linksFor(correction);
    if (links.length === 0 && !isMono) return { audio: mix, measures: before, links, choice: shownChoice };
    const isForeseen = reference === undefined || amountPercent === 0 || links.every(isLinear);
    if (isMono) links.push(monoLink(mix));
    const isWithSpectrum = !isForeseen && round < REFERENCE_ROUNDS;
    const shaped = await render(job, links, before, measure, shownChoice, isMono, isWithSpectrum);
    if (!isWithSpectrum) return shaped;
    // What dynamics left over is corrected on top.
    const { channelCount, sampleRateHz } = shaped.audio;
    const powers = meanPowers(shaped.measures.spectrum!, channelCount);
    const rest = restOf(spectrumFigures(powers, sampleRateHz).thirdOctavesDb);
    if (meanGainDb(rest) < SMALL_REST_DB) return shaped;
    correction = addCorrections(correction, rest, REFERENCE_LIMIT_DB);
  }
}

/** Whether what a device makes of a mean spectrum is known beforehand: a band that is widened is guarded. */
function isLinear({ device, settings }: ChainLink): boolean {
  if (device === stereoWidth.id) return widthsOf(settings).widthsPercent.every((percent) => percent <= 100);
  return device === subsonic.id || device === firEqualiser.id;
}

function widthsOf(settings: ChainLink['settings']): StereoWidthOptions {
  return stereoWidth.options.parse(settings);
}

/** The spectrum of a mix after the widths of its chain: bands of a crossover add up in phase. */
function narrowed(spectrum: Spectrum, links: readonly ChainLink[], sampleRateHz: number): Spectrum {
  const link = links.find(({ device }) => device === stereoWidth.id);
  if (link === undefined) return spectrum;
  const { cornersHz, widthsPercent } = widthsOf(link.settings);
  const binHz = sampleRateHz / spectrum.size;
  const side = spectrum.side.map((power, bin) => {
    const width = widthAt(bin * binHz, cornersHz, widthsPercent) / 100;
    return power * width * width;
  });
  return { ...spectrum, side };
}

/** Width at a frequency between the bands of Linkwitz-Riley crossovers of fourth order, in per cent. */
function widthAt(
  frequencyHz: number,
  [low, middle, high]: StereoWidthOptions['cornersHz'],
  [first, second, third, fourth]: StereoWidthOptions['widthsPercent'],
): number {
  const between = (below: number, above: number, cornerHz: number): number => {
    const upper = 1 / (1 + (cornerHz / frequencyHz) ** 4);
    return below + (above - below) * upper;
  };
  return between(between(first, second, low), between(third, fourth, high), middle);
}

/** The correction after what its smoothing leaves over, foretold on the mean powers of the mix, is corrected too. */
function refined(
  first: Correction,
  powers: Float64Array,
  sampleRateHz: number,
  restOf: (levelsDb: readonly (number | null)[]) => Correction,
): Correction {
  const binHz = sampleRateHz / 2 / (powers.length - 1);
  let correction = first;
  for (let round = 0; round < SPECTRUM_ROUNDS && correction.points.length > 0; round++) {
    const { points } = correction;
    const shaped = powers.map((power, bin) => power * dbToPower(gainAt(points, Math.max(1, bin) * binHz)));
    const rest = restOf(spectrumFigures(shaped, sampleRateHz).thirdOctavesDb);
    if (rest.points.length === 0) return correction;
    correction = addCorrections(correction, rest, REFERENCE_LIMIT_DB);
  }
  return correction;
}

function meanGainDb({ points }: Correction): number {
  return points.reduce((sum, { gainDb }) => sum + Math.abs(gainDb), 0) / Math.max(1, points.length);
}

function monoLink({ channelCount }: AudioRef): ChainLink {
  return {
    device: 'mono',
    settings: {},
    reason: `The target is one channel: the mean of the ${channelCount}.`,
  };
}

async function render(
  job: Job,
  links: readonly ChainLink[],
  before: ProgrammeMeasures,
  measure: Measure,
  choice: Shaped['choice'],
  isMono: boolean,
  isWithSpectrum: boolean,
): Promise<Shaped> {
  const devices = links
    .filter(({ device }) => device !== 'mono')
    .map(({ device, settings }) => ({ device, settings }));
  const channelCount = isMono ? 1 : before.loudness.truePeaks.length;
  const tamed = await job.apply(shapePass, { links: devices, isMono }, { shaped: { channelCount } });
  const audio = job.output('shaped');
  const told = tamed === null ? links : links.map((link) => withFigures(link, tamed));
  return {
    audio,
    measures: await measure(audio, { ticksFor: 'forecast', isWithSpectrum }),
    links: told,
    choice,
  };
}

/** The link of a de-esser says what it did, now that it is known. */
function withFigures(link: ChainLink, { largestReductionDb, tamedSec }: DeEsserFigures): ChainLink {
  if (link.device !== deEsser.id) return link;
  const did = `Takes up to ${largestReductionDb.toFixed(1)} dB off the top, 1 dB or more for ${tamedSec.toFixed(2)} s.`;
  return { ...link, reason: `${link.reason} ${did}` };
}

function figuresOf(audio: AudioRef, { loudness, levels, spectrum }: ProgrammeMeasures) {
  const powers = meanPowers(spectrum!, audio.channelCount);
  return {
    loudness: loudnessFigures(loudness, audio.sampleRateHz),
    dynamics: dynamicsFigures(levels!),
    stereo: stereoFigures(levels!),
    spectrum: spectrumFigures(powers, audio.sampleRateHz),
    powers,
  };
}

function correctionReason(correction: Correction, curve: string, reference: Reference | undefined): string {
  const goal = reference === undefined ? `the curve ${curve}` : 'the references';
  const top =
    correction.cutOffHz === null ? '' : ` The top from ${correction.cutOffHz} Hz on is empty and stays so.`;
  return `Third octaves lie ${correction.distanceDb.toFixed(1)} dB from ${goal} on average.${top}`;
}

/** A reference brings its own density; what colours would lead away from it. */
function withoutColour(character: Character): Character {
  return {
    ...character,
    ratios: [1, 1, 1, 1],
    thresholdBelowLoudDb: 9,
    transientDb: [0, 0, 0, 0],
    peakIntoCurveDb: null,
  };
}

function referenceWidths(
  before: ProgrammeMeasures,
  { sampleRateHz }: AudioRef,
  reference: Reference,
  amountPercent: number,
): number[] | null {
  if (reference.sideShares === null) return null;
  const own = sideShares(before.spectrum!, sampleRateHz);
  return own.map((share, i) => {
    const full = 100 * Math.sqrt(reference.sideShares![i]! / Math.max(share, 1e-6));
    return Math.min(180, Math.max(40, 100 + ((full - 100) * amountPercent) / 100));
  });
}

function referenceRatio(plrLu: number, reference: Reference, amountPercent: number): number {
  const denser = (plrLu - reference.plrLu) / LU_PER_RATIO;
  const ratio = 1 + (Math.max(0, denser) * amountPercent) / 100;
  return roundTo(Math.min(LARGEST_REFERENCE_RATIO, ratio), 2);
}

/** The target of a partial match: the mix itself, moved by a share of its distance. */
function towards(
  levelsDb: readonly (number | null)[],
  bands: readonly (TargetBand | null)[],
  amountPercent: number,
): (TargetBand | null)[] {
  return bands.map((band, i) => {
    const own = levelsDb[i];
    if (band === null || own === null || own === undefined) return null;
    const level = own + ((band.medianDb - own) * amountPercent) / 100;
    return { lowDb: level, medianDb: level, highDb: level };
  });
}

function addCorrections(first: Correction, second: Correction, limitDb: number): Correction {
  const points = second.points.map((point, i) => ({
    frequencyHz: roundTo(thirdOctaveCentreHz(i), 2),
    gainDb: roundTo(Math.min(limitDb, Math.max(-limitDb, (first.points[i]?.gainDb ?? 0) + point.gainDb)), 2),
  }));
  return { ...first, points };
}
