// DeepFilterNet3 as a residual stream: analysis, features, networks, filter and synthesis over chunks of hops.
// Linked channels share one run of the networks on their mean, so that the image stays; independent ones have one
// each. Chunks are counted from the start of the file: the cut into ranges never shows.
import type { ResidualStream } from '../../dsp/denoise/residual-stream.js';
import {
  BAND_COUNT,
  BIN_COUNT,
  computeFeatures,
  createFeatureState,
  type FeatureState,
  FILTER_BIN_COUNT,
  HOP_FRAMES,
  LOOKAHEAD_FRAMES,
  SAMPLE_RATE_HZ,
} from './features.js';
import { createFilteredPair, type PairState } from './filtered-pair.js';
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
/** State of one run of the networks. */
interface VoiceState {
  readonly features: FeatureState;
  /** The last ENCODER_CONTEXT rows of both features. */
  readonly bandContext: Float32Array;
  readonly planeContext: Float32Array;
  readonly network: NetworkState;
}

interface State {
  readonly pairs: readonly PairState[];
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
  // Linked channels are filtered alike, two at a time.
  const pairs = channelGroups(channelCount, isLinked ? 2 : 1).map((channels) => ({
    channels,
    pair: createFilteredPair(hopsPerChunk, hasPostFilter),
  }));
  const binRe = new Float64Array(BIN_COUNT);
  const binIm = new Float64Array(BIN_COUNT);
  let voices: readonly VoiceState[] = Array.from({ length: voiceCount }, () => createVoice(network));

  /** The networks' rows of one voice for this chunk. */
  async function runVoice(voice: number): Promise<{ bandGains: Float32Array; coefficients: Float32Array }> {
    const { features, bandContext, planeContext, network: networkState } = voices[voice]!;
    const length = hopsPerChunk + ENCODER_CONTEXT;
    const bands = new Float32Array(length * BAND_COUNT);
    const planes = new Float32Array(2 * length * FILTER_BIN_COUNT);
    const planeSize = length * FILTER_BIN_COUNT;
    const contextSize = ENCODER_CONTEXT * FILTER_BIN_COUNT;
    bands.set(bandContext);
    planes.set(planeContext.subarray(0, contextSize));
    planes.set(planeContext.subarray(contextSize), planeSize);
    for (let hop = 0; hop < hopsPerChunk; hop++) {
      gatherSpectrum(voice, hop);
      const row = ENCODER_CONTEXT + hop;
      const realAt = row * FILTER_BIN_COUNT;
      computeFeatures(features, binRe, binIm, 0, bands, row * BAND_COUNT, planes, realAt, planeSize + realAt);
    }
    bandContext.set(bands.subarray(hopsPerChunk * BAND_COUNT));
    const contextAt = hopsPerChunk * FILTER_BIN_COUNT;
    planeContext.set(planes.subarray(contextAt, planeSize));
    planeContext.set(planes.subarray(planeSize + contextAt), contextSize);
    const rows = await network.run(hopsPerChunk, bands, planes, networkState);
    voices = voices.map((other, index) => (index === voice ? { ...other, network: rows.state } : other));
    return rows;
  }

  /** The spectrum that a voice listens to in a hop: a channel's own, or the mean of all. */
  function gatherSpectrum(voice: number, hop: number): void {
    binRe.fill(0);
    binIm.fill(0);
    for (const { channels, pair } of isLinked ? pairs : [pairs[voice]!]) {
      const scale = isLinked ? 1 / channelCount : 1;
      for (const lane of channels.keys()) pair.addSpectrum(lane, hop, scale, binRe, binIm);
    }
  }

  return {
    sampleRateHz: SAMPLE_RATE_HZ,
    chunkFrames: hopsPerChunk * HOP_FRAMES,
    latencyFrames: (1 + LOOKAHEAD_FRAMES) * HOP_FRAMES,
    async process(input, residual) {
      for (const { channels, pair } of pairs) pair.analyse([input[channels[0]!]!, input[channels.at(-1)!]!]);
      for (let voice = 0; voice < voiceCount; voice++) {
        const { bandGains, coefficients } = await runVoice(voice);
        for (const { channels, pair } of isLinked ? pairs : [pairs[voice]!])
          pair.synthesise(
            bandGains,
            coefficients,
            channels.map((channel) => residual[channel]!),
          );
      }
    },
    saveState: (): State => ({
      pairs: pairs.map(({ pair }) => pair.saveState()),
      voices: structuredClone(voices),
    }),
    loadState(saved) {
      const state = structuredClone(saved) as State;
      for (const [index, { pair }] of pairs.entries()) pair.loadState(state.pairs[index]!);
      voices = state.voices;
    },
  };
}

/** Channels in groups of `size`; the last may be smaller. */
function channelGroups(channelCount: number, size: number): number[][] {
  return Array.from({ length: Math.ceil(channelCount / size) }, (_, group) =>
    Array.from({ length: Math.min(size, channelCount - group * size) }, (_, k) => group * size + k),
  );
}

function createVoice(network: DeepFilterNetwork): VoiceState {
  return {
    features: createFeatureState(),
    bandContext: new Float32Array(ENCODER_CONTEXT * BAND_COUNT),
    planeContext: new Float32Array(2 * ENCODER_CONTEXT * FILTER_BIN_COUNT),
    network: network.createState(),
  };
}
