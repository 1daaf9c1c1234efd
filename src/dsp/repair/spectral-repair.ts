// Repairs by gains over time and frequency: a rule looks at the power spectra of a stretch of time and says how far
// each bin of each frame is turned down. Frames lie on a grid of the file and are the same for all channels (one gain
// keeps the image). What is taken away is synthesised and subtracted, so that sound under frames that the rule leaves
// alone passes bit for bit, and the result does not depend on how a file is cut into ranges.
import type { FrameSource } from '../resample.js';
import { createStft, type Stft } from '../stft.js';
import type { DamagedRegion } from './repair-range.js';

/** Power spectra of successive frames: [frame · binCount + bin], mean of the channels, frames firstFrame … */
export interface SpectraWindow {
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly binCount: number;
  /** The bins of a frame add up to the mean square of the sound under it. */
  readonly power: Float32Array;
}

/** Frames on a grid of the file: frame t has its middle at t · hopFrames. */
export interface SpectraGrid {
  readonly fftSize: number;
  readonly hopFrames: number;
}

/** What a rule does to one frame. */
export interface FrameGains {
  /** Gain of a bin of the frame, 0 … 1, [binCount]; undefined where the frame is left alone. */
  readonly gains: Float32Array | undefined;
  /** How far the damage stands out, in dB; undefined where there is none. */
  readonly severityDb?: number | undefined;
}

/** One kind of damage. */
export interface SpectralRule extends SpectraGrid {
  /** Frames before and after a frame that its gains depend on. */
  readonly contextFrames: number;
  /** Gains of frames [first, last] of the grid, from a window that holds them and their context. */
  decide(spectra: SpectraWindow, first: number, last: number): readonly FrameGains[];
}

/** A power of two of about `sec` seconds. */
export function fftSizeFor(sec: number, sampleRateHz: number): number {
  return Math.max(64, 2 ** Math.round(Math.log2(sec * sampleRateHz)));
}

/** Spectra with the sound that they were made from. */
interface HeldSpectra extends SpectraWindow {
  readonly stft: Stft;
  /** [channels][frames of the file from blockStart]. */
  readonly block: readonly Float64Array[];
  readonly blockStart: number;
}

/** The spectra of frames [first, last] of a grid. */
export function readSpectra(
  source: FrameSource,
  { fftSize, hopFrames }: SpectraGrid,
  first: number,
  last: number,
): HeldSpectra {
  const stft = createStft({ fftSize, hopFrames, window: 'sqrt-hann' });
  const { binCount } = stft;
  const frameCount = last - first + 1;
  const blockStart = first * hopFrames - fftSize / 2;
  const block = Array.from(
    { length: source.channelCount },
    () => new Float64Array((frameCount - 1) * hopFrames + fftSize),
  );
  source.read(blockStart, block);
  const re = new Float64Array(binCount);
  const im = new Float64Array(binCount);
  const power = new Float32Array(frameCount * binCount);
  // The squared window sums to half its length. With this scale the bins of one frame add up to the mean square of the
  // sound under it.
  const scale = 4 / (fftSize * fftSize * source.channelCount);
  for (let frame = 0; frame < frameCount; frame++) {
    for (const samples of block) {
      stft.analyse(samples, frame * hopFrames, re, im);
      const at = frame * binCount;
      for (let k = 0; k < binCount; k++)
        power[at + k] = power[at + k]! + scale * (re[k]! * re[k]! + im[k]! * im[k]!);
    }
  }
  return { firstFrame: first, frameCount, binCount, power, stft, block, blockStart };
}

/**
 * Finds damage in a range, and repairs it where `output` is given.
 * @param output [channels][frames of the range]
 * @returns regions of frames whose middle lies inside of the range; those that touch are joined
 */
export function repairSpectrally(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  rule: SpectralRule,
  output?: readonly Float64Array[],
): DamagedRegion[] {
  const { fftSize, hopFrames } = rule;
  const half = fftSize / 2;
  // Frames that touch the range.
  const first = Math.floor((startFrame - half) / hopFrames) + 1;
  const last = Math.ceil((endFrame + half) / hopFrames) - 1;
  const held = readSpectra(source, rule, first - rule.contextFrames, last + rule.contextFrames);
  const { block, blockStart, stft } = held;
  const { binCount } = stft;
  if (output !== undefined) {
    for (const [channel, samples] of output.entries())
      samples.set(block[channel]!.subarray(startFrame - blockStart, endFrame - blockStart));
  }
  const re = new Float64Array(binCount);
  const im = new Float64Array(binCount);
  const decided = rule.decide(held, first, last);
  const regions: DamagedRegion[] = [];
  const lost = output === undefined ? [] : output.map((samples) => new Float64Array(samples.length));
  for (let frame = first; frame <= last; frame++) {
    const { gains, severityDb } = decided[frame - first]!;
    const middle = frame * hopFrames;
    if (severityDb !== undefined && middle >= startFrame && middle < endFrame) {
      const from = Math.max(0, middle - hopFrames / 2);
      addRegion(regions, from, middle + hopFrames / 2, severityDb);
    }
    if (gains === undefined || output === undefined) continue;
    for (const [channel, samples] of block.entries()) {
      stft.analyse(samples, middle - half - blockStart, re, im);
      for (let k = 0; k < binCount; k++) {
        re[k] = re[k]! * (1 - gains[k]!);
        im[k] = im[k]! * (1 - gains[k]!);
      }
      stft.synthesise(re, im, lost[channel]!, middle - half - startFrame);
    }
  }
  for (const [channel, samples] of lost.entries()) {
    const target = output![channel]!;
    for (let n = 0; n < samples.length; n++) if (samples[n] !== 0) target[n] = target[n]! - samples[n]!;
  }
  return regions;
}

function addRegion(regions: DamagedRegion[], startFrame: number, endFrame: number, severityDb: number): void {
  const last = regions.at(-1);
  if (last !== undefined && last.endFrame >= startFrame)
    regions[regions.length - 1] = { ...last, endFrame, severityDb: Math.max(last.severityDb, severityDb) };
  else regions.push({ channel: null, startFrame, endFrame, severityDb });
}

/** Power of bins [lowBin, highBin) of a frame. */
export function bandPower(spectra: SpectraWindow, frame: number, lowBin: number, highBin: number): number {
  const at = (frame - spectra.firstFrame) * spectra.binCount;
  let sum = 0;
  for (let k = lowBin; k < highBin; k++) sum += spectra.power[at + k]!;
  return sum;
}
