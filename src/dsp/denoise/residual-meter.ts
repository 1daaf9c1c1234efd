// Looks at what a denoiser took away: how much it was, and whether it is noise or music.
// The flatness of the spectrum inside of third octaves tells: noise is flat, voices and instruments are lines.
// It says nothing of drums, whose spectrum is flat as well.
import { createStft } from '../stft.js';
import { analysisOf } from './embedded-denoiser.js';

/** Sums over frames of a file; those of ranges add up. */
export interface ResidualFigures {
  /** Σ x² of the input and Σ r² of the residual over all samples of all channels. */
  readonly inputEnergy: number;
  readonly residualEnergy: number;
  /** Flatness of the residual weighted by power, and the weights. */
  readonly flatnessSum: number;
  readonly flatnessWeight: number;
}

/** Frames that are averaged, overlapping by half. */
const FRAMES = 6;
/** Bands begin here: below, a third octave has too few bins, and hum would be taken for music. */
const LOWEST_HZ = 250;
const BAND_RATIO = 2 ** (1 / 3);

/** Measures blocks of a range in order. */
export interface ResidualMeter {
  add(input: readonly Float64Array[], residual: readonly Float64Array[]): void;
  figures(): ResidualFigures;
}

export function createResidualMeter(sampleRateHz: number): ResidualMeter {
  const { fftSize, binCount } = analysisOf(sampleRateHz);
  const hopFrames = fftSize / 2;
  const spanFrames = (FRAMES + 1) * hopFrames;
  const stft = createStft({ fftSize, hopFrames, window: 'sqrt-hann' });
  const edges = [Math.ceil((LOWEST_HZ * fftSize) / sampleRateHz)];
  for (let edge = edges[0]!; ; ) {
    edge = Math.round(edge * BAND_RATIO) + 1;
    if (edge > binCount) break;
    edges.push(edge);
  }
  const re = new Float64Array(binCount);
  const im = new Float64Array(binCount);
  const power = new Float64Array(binCount);
  let inputEnergy = 0;
  let residualEnergy = 0;
  let flatnessSum = 0;
  let flatnessWeight = 0;

  function measureFlatness(samples: Float64Array, from: number): void {
    power.fill(0);
    for (let frame = 0; frame < FRAMES; frame++) {
      stft.analyse(samples, from + frame * hopFrames, re, im);
      for (let k = 0; k < binCount; k++) power[k] = power[k]! + re[k]! * re[k]! + im[k]! * im[k]!;
    }
    for (let band = 0; band + 1 < edges.length; band++) {
      const width = edges[band + 1]! - edges[band]!;
      let sum = 0;
      let logSum = 0;
      for (let k = edges[band]!; k < edges[band + 1]!; k++) {
        sum += power[k]!;
        logSum += Math.log(power[k]! + 1e-30);
      }
      const mean = sum / width;
      // A density: wide bands count no more than narrow ones, as in hearing.
      flatnessWeight += mean;
      flatnessSum += Math.exp(logSum / width);
    }
  }

  return {
    add(input, residual) {
      for (const [channel, samples] of residual.entries()) {
        const before = input[channel]!;
        for (let n = 0; n < samples.length; n++) {
          inputEnergy += before[n]! * before[n]!;
          residualEnergy += samples[n]! * samples[n]!;
        }
        for (let from = 0; from + spanFrames <= samples.length; from += spanFrames)
          measureFlatness(samples, from);
      }
    },
    figures: () => ({ inputEnergy, residualEnergy, flatnessSum, flatnessWeight }),
  };
}

/** The figures of several ranges. */
export function addResidualFigures(parts: readonly ResidualFigures[]): ResidualFigures {
  const sum = (pick: (part: ResidualFigures) => number) =>
    parts.reduce((total, part) => total + pick(part), 0);
  return {
    inputEnergy: sum((part) => part.inputEnergy),
    residualEnergy: sum((part) => part.residualEnergy),
    flatnessSum: sum((part) => part.flatnessSum),
    flatnessWeight: sum((part) => part.flatnessWeight),
  };
}
