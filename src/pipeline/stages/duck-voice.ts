// The second file of `duck`: read and hashed when the run is planned, so that a wrong name fails before any work, and
// opened and heard in it: where it speaks, how loud it is, and how a leveller would ride it.
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { decodeAudio } from '../../audio/decode.js';
import { probeAudio } from '../../audio/probe.js';
import { rideGains, USUAL_MAX_GAIN_DB } from '../../dsp/leveller/gain-ride.js';
import { dynamicsFigures } from '../../dsp/levels/figures.js';
import { loudnessFigures } from '../../dsp/loudness/programme.js';
import { ForgeError } from '../../errors.js';
import { sha256Sync } from '../../file-hash.js';
import { bothOf } from '../in-lanes.js';
import type { AudioRef, StageJob } from '../stage.js';
import { type FoundVoice, findVoice } from '../voice-activity.js';
import { noteVoice } from './duck-notes.js';
import { type DuckOptions, isRidden } from './duck-options.js';
import { measurePass } from './measure-pass.js';
import { speechLevelPass, speechSteps } from './speech-level-pass.js';

type Job = StageJob<DuckOptions>;

/** What is known of the voice before it meets the bed. */
export interface HeardVoice {
  readonly ref: AudioRef;
  readonly found: FoundVoice;
  readonly integratedLufs: number | null;
  readonly clippedSampleCount: number;
  /** Gains of the leveller; absent where it is not asked for. */
  readonly rideDb?: Float32Array;
}

/** @throws ForgeError usage/missing-argument where none is named, input/not-found */
function requireVoice(path: string): void {
  if (path === '') {
    throw new ForgeError(
      'usage/missing-argument',
      'expected the recording of a voice for duck.voice, got none',
      {
        hint: 'forge duck music.wav --voice vo.wav, or --set duck.voice=vo.wav in a pipeline.',
      },
    );
  }
  if (!existsSync(path)) {
    throw new ForgeError(
      'input/not-found',
      `expected the recording of a voice at "${path}", which is not there`,
    );
  }
}

/** Hash of the voice's file. @throws as requireVoice */
export function hashVoice(path: string): string {
  requireVoice(path);
  return sha256Sync(path);
}

/**
 * The voice as audio that can be read by frames; what is no WAV is decoded into `scratchDir`.
 * @throws ForgeError input/* where it cannot be read
 */
export async function openVoice(path: string, sha256: string, scratchDir: string): Promise<AudioRef> {
  requireVoice(path);
  const decoded = await decodeAudio(await probeAudio(path), { scratchDir });
  return {
    ...decoded.shape,
    name: basename(path),
    path: decoded.path,
    key: `voice:${sha256 === '' ? path : sha256}`,
    sampleFormat: decoded.sampleFormat,
  };
}

/** @throws ForgeError input/no-voice where nobody speaks */
export async function hearVoice(job: Job, voice: AudioRef): Promise<HeardVoice> {
  const [found, measures] = await bothOf(
    findVoice(job, voice, { role: 'audio', wish: job.options.detector }),
    job.scan(measurePass, { role: 'audio', isWithLevels: true, isWithSpectrum: false }, { audio: voice }),
  );
  const { integratedLufs, samplePeakDbfs } = loudnessFigures(measures.loudness, voice.sampleRateHz);
  if (samplePeakDbfs === null) {
    throw new ForgeError('input/no-voice', `expected speech in ${voice.name}, got silence`, {
      hint: 'Check that the right track was exported.',
    });
  }
  if (found.segments.length === 0) {
    throw new ForgeError('input/no-voice', `expected speech in ${voice.name}, found none`, {
      hint: 'The voice goes to --voice, the bed comes first. Another detector may hear more: --detector.',
    });
  }
  const { clippedSampleCount } = dynamicsFigures(measures.levels!);
  noteVoice(job, voice, clippedSampleCount);
  const heard = { ref: voice, found, integratedLufs, clippedSampleCount };
  return isRidden(job.options) ? { ...heard, rideDb: await planRide(job, voice, found) } : heard;
}

async function planRide(job: Job, voice: AudioRef, { segments }: FoundVoice): Promise<Float32Array> {
  const powers = await job.scan(speechLevelPass, null, { audio: voice });
  return rideGains(powers, speechSteps(segments, powers.length), {
    share: job.options.voiceRidePercent / 100,
    maxGainDb: USUAL_MAX_GAIN_DB,
  });
}
