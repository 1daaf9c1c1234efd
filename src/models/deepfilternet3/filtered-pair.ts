// Two channels (or one, in both lanes) between their samples and what DeepFilterNet3's networks take from their spectra:
// analysis, band gains and deep filter, synthesis of what they take away, chunk by chunk, in the kernels in float64.
// Band gains over all bins; below 4.8 kHz a complex filter over five frames of the noisy spectrum replaces them.
// The gate by local signal-to-noise ratio of the original's library is left out: at its command line's settings it
// never acts.
import { createKernels } from '../../dsp/kernels/instance.js';
import { createTwinFft, twinFftBytes } from '../../dsp/kernels/twin-fft.js';
import { createWindow } from '../../dsp/stft.js';
import {
  BAND_COUNT,
  BAND_OF_BIN,
  BIN_COUNT,
  FFT_SIZE,
  FILTER_BIN_COUNT,
  FILTER_TAPS,
  HOP_FRAMES,
  LOOKAHEAD_FRAMES,
} from './features.js';

/** Strength of the optional post-filter; the original's default. */
const POST_FILTER_BETA = 0.02;
const TINY = 1e-12;
/** Frames before a chunk that the deep filter looks at. */
const HISTORY = FILTER_TAPS - 1;
const COEFFICIENTS_PER_ROW = FILTER_BIN_COUNT * 2 * FILTER_TAPS;
/** Bytes of a value of both channels. */
const PAIR_BYTES = 16;

/** What lies between two chunks; values of both channels side by side. */
export interface PairState {
  /** The last hop of the input, per channel. */
  readonly previousHops: readonly Float64Array[];
  /** Second half of the last synthesised frame. */
  readonly overlap: Float64Array;
  /** Spectra of the last HISTORY frames. */
  readonly historyRe: Float64Array;
  readonly historyIm: Float64Array;
}

export interface FilteredPair {
  /** Spectra of the next chunk of [left, right]; the same array twice for one channel. */
  analyse(input: readonly Float64Array[]): void;
  /** Adds `scale` × the spectrum of one of the two in a hop of the chunk to `re` and `im`. */
  addSpectrum(channel: number, hop: number, scale: number, re: Float64Array, im: Float64Array): void;
  /**
   * Fills what is taken away of the chunk, two rows late.
   * @param bandGains,coefficients rows of the networks, [hops][BAND_COUNT] and [hops][FILTER_BIN_COUNT][taps][2]
   */
  synthesise(bandGains: Float32Array, coefficients: Float32Array, residual: readonly Float64Array[]): void;
  saveState(): PairState;
  loadState(state: PairState): void;
}

export function createFilteredPair(hopsPerChunk: number, hasPostFilter: boolean): FilteredPair {
  const spectrumValues = 2 * (HISTORY + hopsPerChunk) * BIN_COUNT;
  const inputFrames = (1 + hopsPerChunk) * HOP_FRAMES;
  const kernels = createKernels(
    twinFftBytes(FFT_SIZE) +
      8 * (2 * spectrumValues + 2 * inputFrames + 4 * BIN_COUNT + FFT_SIZE + 4 * HOP_FRAMES) +
      4 * hopsPerChunk * (BAND_COUNT + COEFFICIENTS_PER_ROW) +
      4096,
  );
  const fft = createTwinFft(kernels, FFT_SIZE);
  const window = kernels.f64(FFT_SIZE);
  window.set(createWindow('vorbis', FFT_SIZE));
  // The hop before the chunk, then the chunk.
  const inputs = [kernels.f64(inputFrames), kernels.f64(inputFrames)];
  // Spectra of one chunk with the history in front.
  const [re, im] = [kernels.f64(spectrumValues), kernels.f64(spectrumValues)];
  const [outRe, outIm] = [fft.re, fft.im];
  const overlap = kernels.f64(2 * HOP_FRAMES);
  const hops = [kernels.f64(HOP_FRAMES), kernels.f64(HOP_FRAMES)];
  const gains = kernels.f32(hopsPerChunk * BAND_COUNT);
  const taps = kernels.f32(hopsPerChunk * COEFFICIENTS_PER_ROW);
  const bandOfBin = kernels.u8(BIN_COUNT);
  bandOfBin.set(BAND_OF_BIN);
  const frameBytes = BIN_COUNT * PAIR_BYTES;
  const { pairFrame, pairDivide, pairDeepFilter, pairTakeFrom, pairOverlap } = kernels.functions;

  return {
    analyse(input) {
      for (const [channel, samples] of inputs.entries()) {
        samples.copyWithin(0, inputFrames - HOP_FRAMES);
        samples.set(input[channel]!, HOP_FRAMES);
      }
      for (const values of [re, im]) values.copyWithin(0, 2 * hopsPerChunk * BIN_COUNT);
      for (let hop = 0; hop < hopsPerChunk; hop++) {
        const [left, right] = inputs.map((samples) => samples.byteOffset + 8 * hop * HOP_FRAMES);
        const { even, odd } = fft;
        pairFrame(left!, right!, window.byteOffset, even.byteOffset, odd.byteOffset, FFT_SIZE / 2);
        fft.forward();
        const at = (HISTORY + hop) * frameBytes;
        pairDivide(fft.re.byteOffset, re.byteOffset + at, FFT_SIZE, BIN_COUNT);
        pairDivide(fft.im.byteOffset, im.byteOffset + at, FFT_SIZE, BIN_COUNT);
      }
    },
    addSpectrum(channel, hop, scale, intoRe, intoIm) {
      let at = 2 * (HISTORY + hop) * BIN_COUNT + channel;
      for (let bin = 0; bin < BIN_COUNT; bin++, at += 2) {
        intoRe[bin] = intoRe[bin]! + scale * re[at]!;
        intoIm[bin] = intoIm[bin]! + scale * im[at]!;
      }
    },
    synthesise(bandGains, coefficients, residual) {
      gains.set(bandGains);
      taps.set(coefficients);
      for (let hop = 0; hop < hopsPerChunk; hop++) {
        // Row t belongs to the frame LOOKAHEAD_FRAMES before it; the taps end with row t.
        const frame = (HISTORY + hop - LOOKAHEAD_FRAMES) * frameBytes;
        pairDeepFilter(
          re.byteOffset,
          im.byteOffset,
          frameBytes,
          hop * frameBytes,
          frame,
          taps.byteOffset + 4 * hop * COEFFICIENTS_PER_ROW,
          FILTER_TAPS,
          FILTER_BIN_COUNT,
          gains.byteOffset + 4 * hop * BAND_COUNT,
          bandOfBin.byteOffset,
          BIN_COUNT,
          outRe.byteOffset,
          outIm.byteOffset,
        );
        if (hasPostFilter) applyPostFilter(re, im, frame / 8, outRe, outIm);
        pairTakeFrom(re.byteOffset + frame, outRe.byteOffset, BIN_COUNT);
        pairTakeFrom(im.byteOffset + frame, outIm.byteOffset, BIN_COUNT);
        const [even, odd] = fft.inverseUnscaled();
        pairOverlap(
          even.byteOffset,
          odd.byteOffset,
          1 / (FFT_SIZE / 2),
          FFT_SIZE,
          window.byteOffset,
          overlap.byteOffset,
          hops[0]!.byteOffset,
          hops[1]!.byteOffset,
          HOP_FRAMES,
        );
        for (const [channel, samples] of residual.entries()) samples.set(hops[channel]!, hop * HOP_FRAMES);
      }
    },
    saveState: () => ({
      previousHops: inputs.map((samples) => samples.slice(inputFrames - HOP_FRAMES)),
      overlap: overlap.slice(),
      historyRe: re.slice(2 * hopsPerChunk * BIN_COUNT),
      historyIm: im.slice(2 * hopsPerChunk * BIN_COUNT),
    }),
    loadState({ previousHops, overlap: saved, historyRe, historyIm }) {
      for (const [channel, samples] of inputs.entries())
        samples.set(previousHops[channel]!, inputFrames - HOP_FRAMES);
      overlap.set(saved);
      re.set(historyRe, 2 * hopsPerChunk * BIN_COUNT);
      im.set(historyIm, 2 * hopsPerChunk * BIN_COUNT);
    },
  };
}

/**
 * Deepens strong reductions of both channels; leaves the Nyquist bin alone, as the original does. `from` is the place of
 * the noisy frame's first value.
 * @source Valin et al. 2020 (PercepNet)
 */
function applyPostFilter(
  re: Float64Array,
  im: Float64Array,
  from: number,
  outRe: Float64Array,
  outIm: Float64Array,
): void {
  for (let at = 0; at < 2 * (BIN_COUNT - 1); at++) {
    const noisy = Math.hypot(re[from + at]!, im[from + at]!);
    const clean = Math.hypot(outRe[at]!, outIm[at]!);
    const gain = Math.min(1, Math.max(TINY, clean / (noisy + TINY)));
    const ratio = 1 / Math.sin((Math.PI * gain) / 2);
    const scale = (1 + POST_FILTER_BETA) / (1 + POST_FILTER_BETA * ratio * ratio);
    outRe[at] = outRe[at]! * scale;
    outIm[at] = outIm[at]! * scale;
  }
}
