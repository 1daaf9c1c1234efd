// What `duck` tells a person about a pair: a voice that is clipped or at another rate, lengths that do not fit, a bed that
// sings, bars or a tempo that were not found.
import type { DuckWish } from '../../dsp/duck/plan-duck.js';
import { powerToDb } from '../../units.js';
import type { AudioRef, StageJob } from '../stage.js';
import { type DuckOptions, isRidden } from './duck-options.js';
import type { PairEnergies } from './duck-passes.js';
import { needsLoop } from './duck-timeline.js';

type Job = StageJob<DuckOptions>;

export function noteVoice(job: Job, voice: AudioRef, clippedSampleCount: number): void {
  if (clippedSampleCount > 0) {
    job.note(
      'warning',
      `${voice.name} is clipped: ${clippedSampleCount} samples at full scale; nothing here mends that`,
    );
  }
  const { sampleRateHz } = job.inputs.audio!;
  if (voice.sampleRateHz !== sampleRateHz) {
    job.note(
      'info',
      `${voice.name} was converted from ${voice.sampleRateHz} to ${sampleRateHz} Hz, the rate of the bed`,
    );
  }
  if (job.options.voiceRidePercent > 0 && !isRidden(job.options)) {
    job.note('warning', 'the voice is levelled in a mix alone: --voice-ride-percent goes with --mix');
  }
  if (voice.channelCount > 2) {
    job.note(
      'warning',
      `of the ${voice.channelCount} channels of ${voice.name}, the first two go into the mix`,
    );
  }
}

export function noteLengths(job: Job, bed: AudioRef, voiceEndFrame: number, hasBars: boolean): void {
  const { ending, releaseBeats, tempoBpm } = job.options;
  const shortSec = (voiceEndFrame - bed.frameCount) / bed.sampleRateHz;
  if (shortSec > 0 && ending === 'keep') {
    job.note(
      'warning',
      `the voice ends ${shortSec.toFixed(1)} s after the bed: --ending loop repeats it, fade fades it out`,
    );
  }
  if (shortSec > 0 && ending === 'fade') {
    job.note(
      'info',
      `the bed fades out ${shortSec.toFixed(1)} s before the voice ends: --ending loop repeats it`,
    );
  }
  if (ending === 'loop' && needsLoop(job.options, bed, voiceEndFrame) && !hasBars) {
    job.note('warning', 'no bars were found in the bed, so it is repeated as a whole, with a cross-fade');
  }
  if (releaseBeats !== undefined && tempoBpm === undefined && !hasBars) {
    job.note('warning', 'no tempo was found in the bed, so releaseMs is taken: give it by --tempo-bpm');
  }
}

/** Singing so near to the bed's own loudness competes with speech. */
const SUNG_DB = -12;

export function noteVocals(job: Job, { vocals, whole, bed }: PairEnergies, { phrases }: DuckWish): void {
  if (vocals === undefined) return;
  let sungControls = 0;
  let controls = 0;
  for (const { first, end } of phrases) {
    for (let k = first; k < end; k++) {
      const total = (whole ?? bed)[k]!;
      controls++;
      if (total > 0 && powerToDb(vocals[k]! / total) > SUNG_DB) sungControls++;
    }
  }
  if (sungControls * 5 < controls) return;
  const percent = Math.round((100 * sungControls) / controls);
  job.note(
    'warning',
    `the bed sings under ${percent} % of the speech: an instrumental version would be easier to follow`,
  );
}
