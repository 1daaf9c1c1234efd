// How two signals differ: the shift between them, the null depth after alignment, level, and third-octave bands.
// Alignment by cross-correlation of the mono sums around the loudest place of A, in whole frames. Signals are read
// by blocks; neither is resampled here.
import { gainToDb, powerToDb } from '../units.js';
import { createRealFft } from './fft.js';
import { createWindow } from './stft.js';

/** What is compared: the shape and read() of an audio reader. */
export interface ComparedSource {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly frameCount: number;
  read(startFrame: number, into: readonly Float64Array[]): void;
}

/** The difference of B against A. */
export interface Difference {
  /** Level of B − A against A; null where A is silent, −Infinity where they are equal. */
  readonly nullDb: number | null;
  /** The same after B was given A's level (and polarity). */
  readonly nullAtEqualLevelDb: number | null;
  /** Level of the part of B that is A; null where one of them is silent. */
  readonly gainDb: number | null;
  readonly isInverted: boolean;
  readonly peakDifferenceDbfs: number | null;
  readonly thirdOctaves: readonly ThirdOctaveDifference[];
}

export interface ThirdOctaveDifference {
  readonly centreHz: number;
  /** Level of B minus level of A in the band. */
  readonly differenceDb: number;
}

const BLOCK_FRAMES = 1 << 16;
const PROBE_SEC = 8;
const SPECTRUM_SIZE = 8192;
/** Bands this far below the loudest of A hold rounding noise only. */
const BAND_FLOOR_DB = -100;

/**
 * Frames by which B lies later than A, within ± `maxShiftFrames`; 0 where either is silent.
 * @source cross-correlation by FFT, maximum of its magnitude
 */
export function findShift(a: ComparedSource, b: ComparedSource, maxShiftFrames: number): number {
  const probeFrames = Math.min(a.frameCount, Math.round(PROBE_SEC * a.sampleRateHz));
  const start = loudestStart(a, probeFrames);
  const size = 2 ** Math.ceil(Math.log2(probeFrames + 2 * maxShiftFrames + 1));
  const fft = createRealFft(size);
  const probe = padded(readMono(a, start, probeFrames), size);
  const field = padded(readMono(b, start - maxShiftFrames, probeFrames + 2 * maxShiftFrames), size);
  const spectra = [probe, field].map((signal) => {
    const re = new Float64Array(fft.binCount);
    const im = new Float64Array(fft.binCount);
    fft.forward(signal, re, im);
    return { re, im };
  });
  const [p, f] = [spectra[0]!, spectra[1]!];
  for (let k = 0; k < fft.binCount; k++) {
    const re = f.re[k]! * p.re[k]! + f.im[k]! * p.im[k]!;
    f.im[k] = f.im[k]! * p.re[k]! - f.re[k]! * p.im[k]!;
    f.re[k] = re;
  }
  const correlation = new Float64Array(size);
  fft.inverse(f.re, f.im, correlation);
  let best = maxShiftFrames;
  for (let lag = 0; lag <= 2 * maxShiftFrames; lag++) {
    // Of equal peaks the one nearest to no shift.
    const gain = Math.abs(correlation[lag]!) - Math.abs(correlation[best]!);
    if (gain > 0) best = lag;
  }
  return correlation[best] === 0 ? 0 : best - maxShiftFrames;
}

/** The difference over every frame of A and B, with B read `shiftFrames` later. Both have one rate and one number of channels. */
export function measureDifference(a: ComparedSource, b: ComparedSource, shiftFrames: number): Difference {
  const first = Math.min(0, -shiftFrames);
  const end = Math.max(a.frameCount, b.frameCount - shiftFrames);
  const blockA = blocksOf(a.channelCount);
  const blockB = blocksOf(b.channelCount);
  const spectrum = new BandSpectra(a.sampleRateHz);
  let aa = 0;
  let bb = 0;
  let ab = 0;
  let difference = 0;
  let peak = 0;
  for (let start = first; start < end; start += BLOCK_FRAMES) {
    const frames = Math.min(BLOCK_FRAMES, end - start);
    a.read(start, blockA);
    b.read(start + shiftFrames, blockB);
    for (let channel = 0; channel < a.channelCount; channel++) {
      const x = blockA[channel]!;
      const y = blockB[channel]!;
      for (let i = 0; i < frames; i++) {
        const d = y[i]! - x[i]!;
        aa += x[i]! * x[i]!;
        bb += y[i]! * y[i]!;
        ab += x[i]! * y[i]!;
        difference += d * d;
        if (d > peak) peak = d;
        else if (-d > peak) peak = -d;
      }
      spectrum.add(x, y);
    }
  }
  const alike = bb > 0 && aa > 0 ? Math.max(0, aa - (ab * ab) / bb) : aa;
  return {
    nullDb: aa > 0 ? powerToDb(difference / aa) : null,
    nullAtEqualLevelDb: aa > 0 ? powerToDb(alike / aa) : null,
    gainDb: aa > 0 && ab !== 0 ? gainToDb(Math.abs(ab) / aa) : null,
    isInverted: ab < 0,
    peakDifferenceDbfs: peak > 0 ? gainToDb(peak) : null,
    thirdOctaves: spectrum.differences(),
  };
}

function blocksOf(channelCount: number): Float64Array[] {
  return Array.from({ length: channelCount }, () => new Float64Array(BLOCK_FRAMES));
}

/** Start of the stretch of `length` frames with the most energy, on a grid of half its length. */
function loudestStart(source: ComparedSource, length: number): number {
  const half = Math.max(1, Math.floor(length / 2));
  const energies: number[] = [];
  for (let start = 0; start < source.frameCount; start += half) {
    const mono = readMono(source, start, Math.min(half, source.frameCount - start));
    energies.push(mono.reduce((sum, value) => sum + value * value, 0));
  }
  let best = 0;
  for (let i = 1; i < energies.length; i++) {
    if (pair(energies, i) > pair(energies, best)) best = i;
  }
  return Math.min(best * half, source.frameCount - length);
}

function pair(energies: readonly number[], index: number): number {
  return energies[index]! + (energies[index + 1] ?? 0);
}

function readMono(source: ComparedSource, startFrame: number, frames: number): Float64Array {
  const mono = new Float64Array(frames);
  const channels = Array.from({ length: source.channelCount }, () => new Float64Array(frames));
  source.read(startFrame, channels);
  for (const samples of channels) for (let i = 0; i < frames; i++) mono[i]! += samples[i]!;
  return mono;
}

function padded(signal: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size);
  result.set(signal);
  return result;
}

/** Average power spectra of two signals, summed into third-octave bands. */
class BandSpectra {
  readonly #fft = createRealFft(SPECTRUM_SIZE);
  readonly #window = createWindow('hann', SPECTRUM_SIZE);
  readonly #frame = new Float64Array(SPECTRUM_SIZE);
  readonly #re = new Float64Array(this.#fft.binCount);
  readonly #im = new Float64Array(this.#fft.binCount);
  readonly #powerA = new Float64Array(this.#fft.binCount);
  readonly #powerB = new Float64Array(this.#fft.binCount);

  constructor(readonly sampleRateHz: number) {}

  add(a: Float64Array, b: Float64Array): void {
    for (let start = 0; start + SPECTRUM_SIZE <= a.length; start += SPECTRUM_SIZE) {
      this.#addFrame(a, start, this.#powerA);
      this.#addFrame(b, start, this.#powerB);
    }
  }

  #addFrame(signal: Float64Array, start: number, power: Float64Array): void {
    for (let i = 0; i < SPECTRUM_SIZE; i++) this.#frame[i] = signal[start + i]! * this.#window[i]!;
    this.#fft.forward(this.#frame, this.#re, this.#im);
    for (let k = 0; k < power.length; k++) power[k]! += this.#re[k]! ** 2 + this.#im[k]! ** 2;
  }

  /** Bands with nominal centres from 25 Hz up to half the rate. @source IEC 61260-1, base ten */
  differences(): ThirdOctaveDifference[] {
    const bands: { centreHz: number; a: number; b: number }[] = [];
    for (let index = -16; ; index++) {
      const exactHz = 1000 * 10 ** (index / 10);
      const [low, high] = [exactHz * 10 ** -0.05, exactHz * 10 ** 0.05];
      if (high > this.sampleRateHz / 2) break;
      bands.push({
        centreHz: Math.round(exactHz),
        a: this.#sum(this.#powerA, low, high),
        b: this.#sum(this.#powerB, low, high),
      });
    }
    const loudest = Math.max(...bands.map(({ a }) => a));
    return bands
      .filter(({ a, b }) => a > 0 && b > 0 && powerToDb(a / loudest) > BAND_FLOOR_DB)
      .map(({ centreHz, a, b }) => ({ centreHz, differenceDb: powerToDb(b / a) }));
  }

  #sum(power: Float64Array, lowHz: number, highHz: number): number {
    const binHz = this.sampleRateHz / SPECTRUM_SIZE;
    let sum = 0;
    for (let k = Math.ceil(lowHz / binHz); k < Math.min(power.length, highHz / binHz); k++) sum += power[k]!;
    return sum;
  }
}
