// Short-time Fourier transform and its inverse by weighted overlap-add, addressed by absolute frames.
// One object holds windows and work space; a caller decides which time frames it needs, so that a range of a file
// gives the same spectra as the whole file. Frame t starts at t·hopFrames (centring is the caller's offset).
// No padding modes: what lies outside of the signal is zero.
import { createRealFft } from './fft.js';

/** Window shapes: periodic Hann, its square root, the Vorbis power-complementary window, and the sine. */
export type WindowShape = 'hann' | 'sqrt-hann' | 'vorbis' | 'sine';

export interface StftOptions {
  readonly fftSize: number;
  readonly hopFrames: number;
  readonly window: WindowShape | Float64Array;
  /** Shape used for synthesis; that of the analysis unless given. */
  readonly synthesisWindow?: WindowShape | Float64Array;
}

/** Spectra are `binCount` = floor(fftSize/2)+1 values of `re` and `im`, unscaled (numpy's rfft of the windowed frame). */
export interface Stft {
  readonly fftSize: number;
  readonly hopFrames: number;
  readonly binCount: number;
  /** Spectrum of signal[startFrame … startFrame+fftSize), zeros outside of the array. */
  analyse(signal: Float32Array | Float64Array, startFrame: number, re: Float64Array, im: Float64Array): void;
  /** Adds the windowed, scaled inverse to into[startFrame …); what falls outside of the array is dropped. */
  synthesise(re: Float64Array, im: Float64Array, into: Float32Array | Float64Array, startFrame: number): void;
}

/**
 * A window of `size` values.
 * @source Hann: periodic, 0.5 - 0.5·cos(2πn/N); Vorbis I specification §1.3.2.3, sin(π/2·sin²(π(n+½)/N))
 */
export function createWindow(shape: WindowShape, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, n) => {
    switch (shape) {
      case 'hann':
        return 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size);
      case 'sqrt-hann':
        return Math.sqrt(0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size));
      case 'sine':
        return Math.sin((Math.PI * (n + 0.5)) / size);
      case 'vorbis':
        return Math.sin((Math.PI / 2) * Math.sin((Math.PI * (n + 0.5)) / size) ** 2);
    }
  });
}

/**
 * A transform whose analysis and synthesis give the signal back wherever all overlapping frames were added.
 * The synthesis window is divided by the sum of the window products over the hop, frame by frame of the hop, so that
 * any hop that leaves no gap reconstructs exactly.
 * @throws RangeError where windows and hop leave frames without weight
 * @source Griffin & Lim 1984 (least squares overlap-add)
 */
export function createStft(options: StftOptions): Stft {
  const { fftSize, hopFrames } = options;
  const fft = createRealFft(fftSize);
  const analysis = resolveWindow(options.window, fftSize);
  const synthesis = resolveWindow(options.synthesisWindow ?? options.window, fftSize).slice();
  for (let offset = 0; offset < Math.min(hopFrames, fftSize); offset++) {
    let weight = 0;
    for (let n = offset; n < fftSize; n += hopFrames) weight += analysis[n]! * synthesis[n]!;
    if (!(weight > 1e-9)) {
      throw new RangeError(`expected windows of ${fftSize} that overlap at a hop of ${hopFrames}, got a gap`);
    }
    for (let n = offset; n < fftSize; n += hopFrames) synthesis[n] = synthesis[n]! / weight;
  }
  const frame = new Float64Array(fftSize);
  return {
    fftSize,
    hopFrames,
    binCount: fft.binCount,
    analyse(signal, startFrame, re, im) {
      const from = Math.min(fftSize, Math.max(0, -startFrame));
      const to = Math.max(from, Math.min(fftSize, signal.length - startFrame));
      frame.fill(0, 0, from);
      for (let n = from; n < to; n++) frame[n] = signal[startFrame + n]! * analysis[n]!;
      frame.fill(0, to);
      fft.forward(frame, re, im);
    },
    synthesise(re, im, into, startFrame) {
      fft.inverse(re, im, frame);
      const from = Math.max(0, -startFrame);
      const to = Math.min(fftSize, into.length - startFrame);
      for (let n = from; n < to; n++) {
        into[startFrame + n] = into[startFrame + n]! + frame[n]! * synthesis[n]!;
      }
    },
  };
}

function resolveWindow(window: WindowShape | Float64Array, size: number): Float64Array {
  const values = typeof window === 'string' ? createWindow(window, size) : window;
  if (values.length !== size)
    throw new RangeError(`expected a window of ${size} values, got ${values.length}`);
  return values;
}
