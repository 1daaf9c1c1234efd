// What a master will measure, told before it is made: gain and limiting by the forecast that the search begins with, on
// the measures of the mix. What a chain does to the loudness is made up for by the gain, so it moves the gain alone.
import { dynamicsFigures, stereoFigures } from '../dsp/levels/figures.js';
import { foretellLimitedLoudness } from '../dsp/limiter/foretell.js';
import { limiter } from '../dsp/limiter/limiter.js';
import { loudnessFigures } from '../dsp/loudness/programme.js';
import { spectrumFigures } from '../dsp/spectrum/figures.js';
import { meanPowers } from '../dsp/spectrum/spectrum-meter.js';
import { roundTo } from '../units.js';
import { loadMasterTarget } from './master-target.js';
import type { MeasuredFile } from './measure-file.js';
import type { DeliverySpec } from './stage.js';
import type { Check } from './stages/master-checks.js';
import { chooseCharacter } from './stages/master-choice.js';
import { foretellForm, judgeForm } from './stages/master-delivery.js';
import { faintLoudness, goalOf, HEADROOM_DB, peakOf } from './stages/master-goal.js';
import type { MasterOptions } from './stages/master-options.js';
import { findGain } from './stages/master-search.js';

export interface MasterForecast {
  readonly preset: string;
  /** The mix as it is. */
  readonly before: { readonly integratedLufs: number | null; readonly truePeakDbtp: number | null };
  /** Gain in dB without a chain before it; null where it depends on a reference. */
  readonly gainDb: number | null;
  readonly integratedLufs: number | null;
  /** The ceiling, where the limiter will be at work. */
  readonly truePeakDbtp: number | null;
  /** What the highest peak is over the ceiling, in dB. */
  readonly gainReductionDb: number | null;
  readonly willReachTarget: boolean | null;
  /** null where nothing but gain and limiter is meant to run. */
  readonly character: string | null;
  readonly curve: string | null;
  /** The rules of the target on the form of the file, against the form that it will have; empty where there are none. */
  readonly formChecks: readonly Check[];
  /** Flags that make the form right; empty where it is, or no flag does. */
  readonly formFlags: string;
}

/**
 * The forecast of a master of a measured mix, delivered in the form of `spec`. Null figures where there is no sound, or a
 * reference decides.
 */
export async function forecastMaster(
  file: MeasuredFile,
  options: MasterOptions,
  spec: DeliverySpec,
): Promise<MasterForecast> {
  const target = loadMasterTarget(options.preset);
  const { measures, sampleRateHz, channelCount } = file;
  const loudness = loudnessFigures(measures.loudness, sampleRateHz);
  const goal = goalOf(target, loudness, measures, undefined);
  const peakDb = peakOf(goal, loudness);
  const lufs = loudness.integratedLufs ?? faintLoudness(measures, sampleRateHz);
  const isProcessed =
    lufs !== null &&
    !options.linearOnly &&
    options.character !== 'none' &&
    (target.usesProcessing || options.character !== 'auto');
  const choice = isProcessed
    ? chooseCharacter(
        { ...options, character: options.character === 'none' ? 'auto' : options.character },
        {
          loudness,
          dynamics: dynamicsFigures(measures.levels!),
          stereo: stereoFigures(measures.levels!),
          spectrum: spectrumFigures(meanPowers(measures.spectrum!, channelCount), sampleRateHz),
          hopMeans: measures.levels!.hopMeans,
        },
      )
    : undefined;
  const form = judgeForm(target.delivery, foretellForm(spec, target.isMono ? 1 : channelCount));
  const shared = {
    preset: target.id,
    before: { integratedLufs: shown(loudness.integratedLufs), truePeakDbtp: shown(loudness.truePeakDbtp) },
    character: choice?.character ?? null,
    curve: choice?.curve ?? null,
    formChecks: form.checks,
    formFlags: form.flags,
  };
  const isByReference = target.integratedLufs === null && target.rmsTargetDbfs === undefined;
  if (lufs === null || peakDb === null || goal.targetLufs === null || isByReference) {
    const none = { gainDb: null, integratedLufs: null, truePeakDbtp: null, gainReductionDb: null };
    return { ...shared, ...none, willReachTarget: null };
  }
  const ceilingDb = goal.ceilingDb - HEADROOM_DB;
  const foretell = (inputGainDb: number): number | null =>
    foretellLimitedLoudness(
      measures.loudness.ticks!,
      limiter.options.parse({ inputGainDb, ceilingDb, detection: goal.detection }),
    );
  const found = await findGain({
    targetLufs: goal.targetLufs,
    integratedLufs: lufs,
    peakDb,
    ceilingDb,
    maxGainReductionDb: options.linearOnly ? 0 : target.maxGainReductionDb,
    foretell,
    evaluate: async (gainDb) => foretell(gainDb),
  });
  const overDb = Math.max(0, peakDb + found.gainDb - ceilingDb);
  return {
    ...shared,
    gainDb: roundTo(found.gainDb, 2),
    integratedLufs: shown(found.integratedLufs),
    truePeakDbtp: shown(overDb > 0 ? ceilingDb : (loudness.truePeakDbtp ?? peakDb) + found.gainDb),
    gainReductionDb: roundTo(overDb, 2),
    willReachTarget: !found.isAtLimit,
  };
}

function shown(value: number | null): number | null {
  return value === null ? null : roundTo(value, 2);
}
