// DeepFilterNet3 as a residual stream: analysis, features, networks, filter and synthesis over chunks of hops.
// Linked channels share one run of the networks on their mean, so that the image stays; independent ones have one
// each. Chunks are counted from the start of the file: the cut into ranges never shows.
import type { ResidualStream } from '../../dsp/denoise/residual-stream.js';
import { createRealFft } from '../../dsp/fft.js';
import { createWindow } from '../../dsp/stft.js';
import {
  BAND_COUNT,
  BIN_COUNT,
  computeFeatures,
  createFeatureState,
  type FeatureState,
  FFT_SIZE,
  FILTER_BIN_COUNT,
  FILTER_TAPS,
  HOP_FRAMES,
  LOOKAHEAD_FRAMES,
  SAMPLE_RATE_HZ,
} from './features.js';
import { filterFrame } from './filter.js';
import { type DeepFilterNetwork, ENCODER_CONTEXT, type NetworkState } from './network.js';

export interface DeepFilterOptions {
  readonly channelCount: number;
  readonly isLinked: boolean;
  readonly hasPostFilter: boolean;
  /** Hops of one call of the networks. */
  readonly hopsPerChunk?: number;
}

/** One second: longer chunks gain a little speed, at more memory and larger states between ranges. */
const HOPS_PER_CHUNK = 100;
const HISTORY = FILTER_TAPS - 1;

/** State of one channel: what lies between two chunks. */
interface ChannelState {
  /** The last hop of the input. */
  readonly previousHop: Float64Array;
  /** Second half of the last synthesised frame. */
  readonly overlap: Float64Array;
  /** Spectra of the last HISTORY frames. */
  readonly historyRe: Float64Array;
  readonly historyIm: Float64Array;
}

/** State of one run of the networks. */
interface VoiceState {
  readonly features: FeatureState;
  /** The last ENCODER_CONTEXT rows of both features. */
  readonly bandContext: Float32Array;
  readonly planeContext: Float32Array;
  readonly network: NetworkState;
}

interface State {
  readonly channels: readonly ChannelState[];
  readonly voices: readonly VoiceState[];
}

/**
 * A stream over a loaded network.
 * @source Schröter et al., DeepFilterNet: Perceptually Motivated Real-Time Speech Enhancement (2023)
 */
export function createDeepFilterStream(
  network: DeepFilterNetwork,
  options: DeepFilterOptions,
): ResidualStream {
  const { channelCount, isLinked, hasPostFilter, hopsPerChunk = HOPS_PER_CHUNK } = options;
  const voiceCount = isLinked ? 1 : channelCount;
  const fft = createRealFft(FFT_SIZE);
  const window = createWindow('vorbis', FFT_SIZE);
  const frame = new Float64Array(FFT_SIZE);
  const binRe = new Float64Array(BIN_COUNT);
  const binIm = new Float64Array(BIN_COUNT);
  // Spectra of one chunk with the history in front, per channel; one more for the mean of linked channels.
  const spectra = Array.from({ length: channelCount }, () => ({
    re: new Float64Array((HISTORY + hopsPerChunk) * BIN_COUNT),
    im: new Float64Array((HISTORY + hopsPerChunk) * BIN_COUNT),
  }));
  let state = createState(network, channelCount, voiceCount);

  function analyseChannel(channel: number, input: Float64Array): void {
    const { previousHop, historyRe, historyIm } = state.channels[channel]!;
    const { re, im } = spectra[channel]!;
    re.set(historyRe);
    im.set(historyIm);
    for (let hop = 0; hop < hopsPerChunk; hop++) {
      const from = hop * HOP_FRAMES;
      for (let n = 0; n < HOP_FRAMES; n++) {
        const before = hop === 0 ? previousHop[n]! : input[from - HOP_FRAMES + n]!;
        frame[n] = before * window[n]!;
        frame[HOP_FRAMES + n] = input[from + n]! * window[HOP_FRAMES + n]!;
      }
      fft.forward(frame, binRe, binIm);
      const at = (HISTORY + hop) * BIN_COUNT;
      for (let bin = 0; bin < BIN_COUNT; bin++) {
        re[at + bin] = binRe[bin]! / FFT_SIZE;
        im[at + bin] = binIm[bin]! / FFT_SIZE;
      }
    }
    previousHop.set(input.subarray((hopsPerChunk - 1) * HOP_FRAMES));
    historyRe.set(re.subarray(hopsPerChunk * BIN_COUNT));
    historyIm.set(im.subarray(hopsPerChunk * BIN_COUNT));
  }

  /** The networks' rows of one voice for this chunk. */
  async function runVoice(voice: number): Promise<{ bandGains: Float32Array; coefficients: Float32Array }> {
    const { features, bandContext, planeContext, network: networkState } = state.voices[voice]!;
    const length = hopsPerChunk + ENCODER_CONTEXT;
    const bands = new Float32Array(length * BAND_COUNT);
    const planes = new Float32Array(2 * length * FILTER_BIN_COUNT);
    const planeSize = length * FILTER_BIN_COUNT;
    const contextSize = ENCODER_CONTEXT * FILTER_BIN_COUNT;
    bands.set(bandContext);
    planes.set(planeContext.subarray(0, contextSize));
    planes.set(planeContext.subarray(contextSize), planeSize);
    for (let hop = 0; hop < hopsPerChunk; hop++) {
      gatherSpectrum(voice, (HISTORY + hop) * BIN_COUNT);
      const row = ENCODER_CONTEXT + hop;
      const realAt = row * FILTER_BIN_COUNT;
      computeFeatures(features, binRe, binIm, 0, bands, row * BAND_COUNT, planes, realAt, planeSize + realAt);
    }
    bandContext.set(bands.subarray(hopsPerChunk * BAND_COUNT));
    const contextAt = hopsPerChunk * FILTER_BIN_COUNT;
    planeContext.set(planes.subarray(contextAt, planeSize));
    planeContext.set(planes.subarray(planeSize + contextAt), contextSize);
    const rows = await network.run(hopsPerChunk, bands, planes, networkState);
    state = {
      ...state,
      voices: state.voices.map((other, index) =>
        index === voice ? { ...other, network: rows.state } : other,
      ),
    };
    return rows;
  }

  /** The spectrum that a voice listens to: a channel's own, or the mean of all. */
  function gatherSpectrum(voice: number, at: number): void {
    const sources = isLinked ? spectra : [spectra[voice]!];
    const scale = 1 / sources.length;
    binRe.fill(0);
    binIm.fill(0);
    for (const { re, im } of sources) {
      for (let bin = 0; bin < BIN_COUNT; bin++) {
        binRe[bin] = binRe[bin]! + scale * re[at + bin]!;
        binIm[bin] = binIm[bin]! + scale * im[at + bin]!;
      }
    }
  }

  function synthesiseChannel(
    channel: number,
    rows: { bandGains: Float32Array; coefficients: Float32Array },
    residual: Float64Array,
  ): void {
    const { overlap } = state.channels[channel]!;
    const { re, im } = spectra[channel]!;
    for (let hop = 0; hop < hopsPerChunk; hop++) {
      const at = (HISTORY + hop) * BIN_COUNT;
      filterFrame(re, im, at, rows.bandGains, rows.coefficients, hop, hasPostFilter, binRe, binIm);
      fft.inverse(binRe, binIm, frame);
      const to = hop * HOP_FRAMES;
      for (let n = 0; n < HOP_FRAMES; n++) {
        residual[to + n] = overlap[n]! + FFT_SIZE * frame[n]! * window[n]!;
        overlap[n] = FFT_SIZE * frame[HOP_FRAMES + n]! * window[HOP_FRAMES + n]!;
      }
    }
  }

  return {
    sampleRateHz: SAMPLE_RATE_HZ,
    chunkFrames: hopsPerChunk * HOP_FRAMES,
    latencyFrames: (1 + LOOKAHEAD_FRAMES) * HOP_FRAMES,
    async process(input, residual) {
      for (let channel = 0; channel < channelCount; channel++) analyseChannel(channel, input[channel]!);
      for (let voice = 0; voice < voiceCount; voice++) {
        const rows = await runVoice(voice);
        const served = isLinked ? residual.keys() : [voice];
        for (const channel of served) synthesiseChannel(channel, rows, residual[channel]!);
      }
    },
    saveState: () => structuredClone(state),
    loadState(saved) {
      state = structuredClone(saved) as State;
    },
  };
}

function createState(network: DeepFilterNetwork, channelCount: number, voiceCount: number): State {
  return {
    channels: Array.from({ length: channelCount }, () => ({
      previousHop: new Float64Array(HOP_FRAMES),
      overlap: new Float64Array(HOP_FRAMES),
      historyRe: new Float64Array(HISTORY * BIN_COUNT),
      historyIm: new Float64Array(HISTORY * BIN_COUNT),
    })),
    voices: Array.from({ length: voiceCount }, () => ({
      features: createFeatureState(),
      bandContext: new Float32Array(ENCODER_CONTEXT * BAND_COUNT),
      planeContext: new Float32Array(2 * ENCODER_CONTEXT * FILTER_BIN_COUNT),
      network: network.createState(),
    })),
  };
}
