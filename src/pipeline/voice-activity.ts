// Where someone speaks in a file: by Silero VAD where it is installed, else by our own detector; one result for both.
// How a stage uses it:
//
//   models: () => VOICE_ACTIVITY_MODELS,              // or sileroNeed(wish) where a person may choose
//   passes: { ...voiceActivityPasses, … },
//   const voice = await findVoice(job, job.inputs.audio!);
//   voice.segments, voice.probabilities, voice.detector ('silero-vad' | 'own')
//
// The channels are averaged; memory is 125 bytes a second of audio. Music with singing may count as speech.
import { concat } from '../dsp/concat.js';
import { createMonoReader, resampledFrameCount } from '../dsp/resample.js';
import { speechSegments, VOICE_FRAME_SEC, type VoiceActivity } from '../dsp/voice-activity/segments.js';
import { createSpeechMeter, SPEECH_HOP, SPEECH_RATE_HZ } from '../dsp/voice-activity/speech-features.js';
import { speechProbabilities } from '../dsp/voice-activity/speech-probability.js';
import type { SileroState } from '../models/silero-vad.js';
import {
  type AudioRef,
  defineScan,
  type ModelFiles,
  type ModelNeed,
  type RangeContext,
  type StageJob,
} from './stage.js';

/** A detector, or the choice between them. */
export type VoiceDetector = 'silero-vad' | 'own';
export type VoiceDetectorWish = VoiceDetector | 'auto';
export const VOICE_DETECTOR_WISHES = ['auto', 'silero-vad', 'own'] as const;

/** Speech in a file, and what found it. */
export interface FoundVoice extends VoiceActivity {
  readonly detector: VoiceDetector;
  /** By file; null for our own. */
  readonly modelSha256: Readonly<Record<string, string>> | null;
  readonly licence: string;
}

/** The model that finds speech, taken where it is installed. */
export const VOICE_ACTIVITY_MODELS: readonly ModelNeed[] = [{ id: 'silero-vad', required: false }];

/** What a stage needs for a wish: nothing for `own`, the network where a person named it. */
export function sileroNeed(wish: VoiceDetectorWish): readonly ModelNeed[] {
  return wish === 'own' ? [] : [{ id: 'silero-vad', required: wish === 'silero-vad' }];
}

/** Silero where it is there and not refused, else our own detector. */
export function chooseVoiceDetector(
  wish: VoiceDetectorWish,
  models: Readonly<Record<string, ModelFiles>>,
): VoiceDetector {
  return wish !== 'own' && models['silero-vad'] !== undefined ? 'silero-vad' : 'own';
}

/** Frames of the network that are read, and resampled, at a time. */
const FRAMES_PER_READ = 64;

/** Role of the input that is listened to. */
interface VoiceParams {
  readonly role: string;
}

/** Silero over a range, frame after frame; its state goes on to the next. */
const network = defineScan<unknown, VoiceParams, Float32Array, Float32Array>({
  order: 'sequential',
  rangeSec: 300,
  memoryMb: 150,
  async run(context) {
    // Loaded here, so that a stage that may ask for speech starts without the runtime of networks.
    const { createSileroVad, sileroRateOf } = await import('../models/silero-vad.js');
    const rateHz = sileroRateOf(context.sampleRateHz);
    const { files } = context.models['silero-vad']!;
    const silero = await context.resource(`silero-vad/${rateHz}`, () =>
      createSileroVad(files['silero_vad.onnx']!, rateHz),
    );
    const { firstFrame, endFrame } = voiceFramesOf(context, rateHz, silero.frameSamples);
    const read = createMonoReader(context.input(context.params.role), rateHz);
    const part = new Float32Array(endFrame - firstFrame);
    const { frameSamples } = silero;
    const block = new Float32Array(FRAMES_PER_READ * frameSamples);
    let state = (context.state as SileroState | undefined) ?? silero.createState();
    for (let done = 0; done < part.length; done++) {
      const inBlock = done % FRAMES_PER_READ;
      if (inBlock === 0) {
        reportProgress(context, done, part.length);
        read((firstFrame + done) * frameSamples, block);
      }
      const frame = block.subarray(inBlock * frameSamples, (inBlock + 1) * frameSamples);
      const found = await silero.detect(frame, state);
      part[done] = found.probability;
      state = found.state;
    }
    return { part, state };
  },
  merge: (parts) => concat(Float32Array, [...parts]),
});

/** Features of our own detector; together they give the probabilities. */
const features = defineScan<unknown, VoiceParams, Uint8Array, Float32Array>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 20,
  run(context) {
    const { firstFrame, endFrame } = voiceFramesOf(context, SPEECH_RATE_HZ, SPEECH_HOP);
    const meter = createSpeechMeter();
    const read = createMonoReader(context.input(context.params.role), SPEECH_RATE_HZ);
    const parts: Uint8Array[] = [];
    const framesPerStep = 256;
    for (let frame = firstFrame; frame < endFrame; frame += framesPerStep) {
      parts.push(meter(read, frame, Math.min(endFrame, frame + framesPerStep)));
      reportProgress(context, frame - firstFrame, endFrame - firstFrame);
    }
    return { part: concat(Uint8Array, parts) };
  },
  merge: (parts) => speechProbabilities(concat(Uint8Array, [...parts])),
});

/** The passes that a stage declares to call `findVoice`. */
export const voiceActivityPasses = { voiceNetwork: network, voiceFeatures: features };

/**
 * Finds speech in `audio`. `role` names the stage's primary input, in whose place the file is read.
 * Silence and files shorter than a syllable give no segments.
 * @throws ForgeError model/run-failed
 */
export async function findVoice(
  job: StageJob<unknown>,
  audio: AudioRef,
  options: { readonly role: string; readonly wish?: VoiceDetectorWish },
): Promise<FoundVoice> {
  const detector = chooseVoiceDetector(options.wish ?? 'auto', job.models);
  const params = { role: options.role };
  const inputs = { [options.role]: audio };
  const probabilities =
    detector === 'silero-vad'
      ? await job.scan(network, params, inputs)
      : await job.scan(features, params, inputs);
  const model = detector === 'own' ? undefined : job.models[detector];
  return {
    detector,
    modelSha256: model === undefined ? null : { ...model.sha256 },
    licence: model?.licence ?? 'MIT',
    frameSec: VOICE_FRAME_SEC,
    probabilities,
    segments: speechSegments(probabilities, audio.frameCount / audio.sampleRateHz),
  };
}

type Context = RangeContext<unknown, VoiceParams>;

/** The frames of speech detection that begin inside of the range. */
function voiceFramesOf(
  { range, sampleRateHz, frameCount }: Context,
  rateHz: number,
  hop: number,
): { firstFrame: number; endFrame: number } {
  const end = Math.ceil(resampledFrameCount(frameCount, sampleRateHz, rateHz) / hop);
  const frameAt = (position: number) => Math.min(end, Math.ceil((position * rateHz) / sampleRateHz / hop));
  return {
    firstFrame: frameAt(range.startFrame),
    endFrame: range.endFrame === frameCount ? end : frameAt(range.endFrame),
  };
}

function reportProgress({ range, progress }: Context, done: number, total: number): void {
  progress(Math.floor(((range.endFrame - range.startFrame) * done) / Math.max(1, total)));
}
