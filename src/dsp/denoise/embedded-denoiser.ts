// The denoiser that needs no model: OM-LSA gains over tracked noise, as a residual stream at the file's own rate.
// Frames of 32 ms with 75 % overlap. Linked channels share one gain, computed on their mean power, so that the image
// stays. Noise that is not steadier than the signal (a second voice, clicks) is outside of its method.
import { createRealFft } from '../fft.js';
import { createWindow } from '../stft.js';
import { createGainState, createLogSpectralGain, type GainState } from './log-spectral-gain.js';
import { createNoiseTracker, type NoiseTrackerState, trackNoise } from './noise-tracker.js';
import type { ResidualStream } from './residual-stream.js';

export interface EmbeddedDenoiserOptions {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly isLinked: boolean;
  /** Deepest reduction of a bin, > 0. */
  readonly maxReductionDb: number;
  /** Power of the noise per bin (of `analysisOf`) as it was measured over the whole file. */
  readonly noisePower: Float64Array;
}

const HOPS_PER_FRAME = 4;
const HOPS_PER_CHUNK = 32;
/** The tracked noise may rise this far (6 dB) above what the whole file's measure says: a held tone is not noise. */
const NOISE_RISE_LIMIT = 4;
/** Below this power a bin is digital silence, and nothing can be learned of it. */
const POWER_FLOOR = 1e-20;

/** Frame sizes at a rate: hops of about 8 ms, a multiple of 16 frames so that the transform factorises well. */
export function analysisOf(sampleRateHz: number): { fftSize: number; hopFrames: number; binCount: number } {
  const hopFrames = 16 * Math.max(1, Math.round((0.008 * sampleRateHz) / 16));
  const fftSize = HOPS_PER_FRAME * hopFrames;
  return { fftSize, hopFrames, binCount: fftSize / 2 + 1 };
}

interface State {
  /** The last HOPS_PER_FRAME - 1 hops of the input and of the unfinished output, per channel. */
  readonly past: readonly Float64Array[];
  readonly overlap: readonly Float64Array[];
  readonly trackers: readonly NoiseTrackerState[];
  readonly gains: readonly GainState[];
}

/** A fresh stream. */
export function createEmbeddedDenoiser(options: EmbeddedDenoiserOptions): ResidualStream {
  const { sampleRateHz, channelCount, isLinked } = options;
  const { fftSize, hopFrames, binCount } = analysisOf(sampleRateHz);
  const pastFrames = fftSize - hopFrames;
  const voiceCount = isLinked ? 1 : channelCount;
  const floorGain = 10 ** (-options.maxReductionDb / 20);
  const fft = createRealFft(fftSize);
  const window = createWindow('sqrt-hann', fftSize);
  const estimator = createLogSpectralGain(binCount, sampleRateHz / fftSize);
  const initialNoise = options.noisePower.map((power) => Math.max(power, POWER_FLOOR));

  const frame = new Float64Array(fftSize);
  const re = Array.from({ length: channelCount }, () => new Float64Array(binCount));
  const im = Array.from({ length: channelCount }, () => new Float64Array(binCount));
  const power = new Float64Array(binCount);
  const noise = new Float64Array(binCount);
  const priori = new Float64Array(binCount);
  const gains = new Float64Array(binCount);

  let state: State = {
    past: Array.from({ length: channelCount }, () => new Float64Array(pastFrames)),
    overlap: Array.from({ length: channelCount }, () => new Float64Array(pastFrames)),
    trackers: Array.from({ length: voiceCount }, () => createNoiseTracker(initialNoise)),
    gains: Array.from({ length: voiceCount }, () => createGainState(binCount)),
  };

  function analyse(channel: number, input: Float64Array, from: number): void {
    const past = state.past[channel]!;
    for (let n = 0; n < pastFrames; n++) frame[n] = past[n]! * window[n]!;
    for (let n = 0; n < hopFrames; n++) frame[pastFrames + n] = input[from + n]! * window[pastFrames + n]!;
    past.copyWithin(0, hopFrames);
    past.set(input.subarray(from, from + hopFrames), pastFrames - hopFrames);
    fft.forward(frame, re[channel]!, im[channel]!);
  }

  function measurePower(channels: readonly number[]): void {
    power.fill(POWER_FLOOR);
    for (const channel of channels) {
      const real = re[channel]!;
      const imaginary = im[channel]!;
      for (let k = 0; k < binCount; k++) {
        power[k] = power[k]! + (real[k]! * real[k]! + imaginary[k]! * imaginary[k]!) / channels.length;
      }
    }
  }

  function synthesise(channel: number, residual: Float64Array, to: number): void {
    const real = re[channel]!;
    const imaginary = im[channel]!;
    for (let k = 0; k < binCount; k++) {
      real[k] = real[k]! * (1 - gains[k]!);
      imaginary[k] = imaginary[k]! * (1 - gains[k]!);
    }
    fft.inverse(real, imaginary, frame);
    const overlap = state.overlap[channel]!;
    // The squared window sums to HOPS_PER_FRAME / 2 over the overlapping frames.
    const scale = 2 / HOPS_PER_FRAME;
    for (let n = 0; n < hopFrames; n++) residual[to + n] = overlap[n]! + scale * frame[n]! * window[n]!;
    overlap.copyWithin(0, hopFrames);
    overlap.fill(0, pastFrames - hopFrames);
    for (let n = hopFrames; n < fftSize; n++) {
      overlap[n - hopFrames] = overlap[n - hopFrames]! + scale * frame[n]! * window[n]!;
    }
  }

  const all = Array.from({ length: channelCount }, (_, channel) => channel);
  return {
    sampleRateHz,
    chunkFrames: HOPS_PER_CHUNK * hopFrames,
    latencyFrames: pastFrames,
    async process(input, residual) {
      for (let hop = 0; hop < HOPS_PER_CHUNK; hop++) {
        const at = hop * hopFrames;
        for (const channel of all) analyse(channel, input[channel]!, at);
        for (let voice = 0; voice < voiceCount; voice++) {
          const channels = isLinked ? all : [voice];
          const tracker = state.trackers[voice]!;
          const gainState = state.gains[voice]!;
          measurePower(channels);
          noise.set(tracker.noise);
          for (let k = 0; k < binCount; k++) noise[k] = Math.max(noise[k]!, POWER_FLOOR);
          estimator.estimatePriori(gainState, power, noise, priori);
          trackNoise(tracker, power, priori, noise);
          for (let k = 0; k < binCount; k++)
            noise[k] = Math.min(noise[k]!, NOISE_RISE_LIMIT * initialNoise[k]!);
          estimator.estimatePriori(gainState, power, noise, priori);
          estimator.computeGains(gainState, power, noise, priori, floorGain, gains);
          for (const channel of channels) synthesise(channel, residual[channel]!, at);
        }
      }
    },
    saveState: () => structuredClone(state),
    loadState(saved) {
      state = structuredClone(saved) as State;
    },
  };
}
