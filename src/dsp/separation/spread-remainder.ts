// Makes stems that a network estimated sum to the mixture: what the sum misses is spread over them.
// Method: in each time-frequency cell the remainder is shared out by the stems' power; cells where no stem has any, and
// channels beyond the stems' own, go to one stem, which is the mixture minus all others and so takes rounding as well.
import { createStft } from '../stft.js';
import { createFrameGrid, framesTouching } from './frame-grid.js';

/** Reads [channels][frames] from a sample on; zeros outside of the song. */
type ReadFrames = (startSample: number, into: readonly Float32Array[]) => void;

/** Power below this share of the mixture's counts as none: −60 dB. */
const POWER_FLOOR = 1e-6;

/**
 * Stems of the samples [startSample, endSample) with the sum of the mixture, as [stems][channels][frames]. They do not
 * depend on where a range begins or ends.
 * @param readStems the estimates, of one or two channels
 * @param restIndex the stem that takes what belongs to none
 * @source after the remainder's distribution in Wiener filtering with power spectrograms
 */
export function spreadRemainder(
  sampleRateHz: number,
  channelCount: number,
  startSample: number,
  endSample: number,
  readMix: ReadFrames,
  readStems: readonly ReadFrames[],
  restIndex: number,
): Float32Array[][] {
  const { fftSize, hopFrames } = createFrameGrid(sampleRateHz);
  const stft = createStft({ fftSize, hopFrames, window: 'hann' });
  const { first, last } = framesTouching({ fftSize, hopFrames }, startSample, endSample);
  const blockStart = first * hopFrames - fftSize / 2;
  const blockFrames = (last - first) * hopFrames + fftSize;
  const stemChannels = Math.min(2, channelCount);
  const makeBlock = (count: number) => Array.from({ length: count }, () => new Float32Array(blockFrames));
  const mix = makeBlock(channelCount);
  readMix(blockStart, mix);
  const estimates = readStems.map((read) => {
    const block = makeBlock(stemChannels);
    read(blockStart, block);
    return block;
  });
  const remainder = Array.from({ length: stemChannels }, (_, channel) =>
    mix[channel]!.map((sample, i) => estimates.reduce((left, stem) => left - stem[channel]![i]!, sample)),
  );

  const { binCount } = stft;
  const makeSpectra = () => Array.from({ length: stemChannels }, () => makeSpectrum(binCount));
  const remainderSpectra = makeSpectra();
  const spectrum = makeSpectrum(binCount);
  const powers = estimates.map(() => new Float64Array(binCount));
  const shared = makeSpectrum(binCount);
  const total = new Float64Array(binCount);
  const added = estimates.map(() => makeBlock(stemChannels));
  for (let frame = first; frame <= last; frame++) {
    const at = frame * hopFrames - fftSize / 2 - blockStart;
    total.fill(1e-20);
    for (const [channel, { re, im }] of remainderSpectra.entries()) {
      stft.analyse(remainder[channel]!, at, re, im);
      stft.analyse(mix[channel]!, at, spectrum.re, spectrum.im);
      for (let bin = 0; bin < binCount; bin++)
        total[bin]! += POWER_FLOOR * (spectrum.re[bin]! ** 2 + spectrum.im[bin]! ** 2);
    }
    for (const [stem, block] of estimates.entries()) {
      const power = powers[stem]!.fill(0);
      for (const samples of block) {
        stft.analyse(samples, at, spectrum.re, spectrum.im);
        for (let bin = 0; bin < binCount; bin++)
          power[bin]! += spectrum.re[bin]! ** 2 + spectrum.im[bin]! ** 2;
      }
      for (let bin = 0; bin < binCount; bin++) total[bin]! += power[bin]!;
    }
    for (const [stem, block] of added.entries()) {
      if (stem === restIndex) continue;
      for (const [channel, samples] of block.entries()) {
        const { re, im } = remainderSpectra[channel]!;
        for (let bin = 0; bin < binCount; bin++) {
          const share = powers[stem]![bin]! / total[bin]!;
          shared.re[bin] = re[bin]! * share;
          shared.im[bin] = im[bin]! * share;
        }
        stft.synthesise(shared.re, shared.im, samples, at);
      }
    }
  }

  const offset = startSample - blockStart;
  const frames = endSample - startSample;
  const stems = estimates.map((block, stem) =>
    Array.from({ length: channelCount }, (_, channel) => {
      const samples = new Float32Array(frames);
      if (stem === restIndex || channel >= stemChannels) return samples;
      for (let i = 0; i < frames; i++)
        samples[i] = block[channel]![offset + i]! + added[stem]![channel]![offset + i]!;
      return samples;
    }),
  );
  for (const [channel, samples] of stems[restIndex]!.entries()) {
    for (let i = 0; i < frames; i++) {
      let left = mix[channel]![offset + i]!;
      for (const [stem, others] of stems.entries()) if (stem !== restIndex) left -= others[channel]![i]!;
      samples[i] = left;
    }
  }
  return stems;
}

function makeSpectrum(binCount: number): { readonly re: Float64Array; readonly im: Float64Array } {
  return { re: new Float64Array(binCount), im: new Float64Array(binCount) };
}
