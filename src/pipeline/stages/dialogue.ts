// The dialogue of a programme, where the speech detector Silero VAD is installed; nothing is guessed where it is not.
import { type Dialogue, measureDialogue } from '../../dsp/loudness/dialogue.js';
import type { SpeechSegment } from '../../dsp/voice-activity/segments.js';
import type { AudioRef, StageJob } from '../stage.js';
import { findVoice } from '../voice-activity.js';

export interface FoundDialogue extends Dialogue {
  readonly segments: readonly SpeechSegment[];
}

/** Less speech than this share of a programme, in percent, and rules ask for its integrated loudness instead. */
export const SPARSE_DIALOGUE_PERCENT = 15;

/**
 * Dialogue of `audio`, whose mean squares are given; undefined where the detector is not installed. `role` names the
 * stage's primary input.
 */
export async function findDialogue(
  job: StageJob<unknown>,
  audio: AudioRef,
  role: string,
  hopMeans: Float64Array,
): Promise<FoundDialogue | undefined> {
  if (job.models['silero-vad'] === undefined) return undefined;
  const { segments } = await findVoice(job, audio, { role, wish: 'silero-vad' });
  return { ...measureDialogue(hopMeans, segments), segments };
}
