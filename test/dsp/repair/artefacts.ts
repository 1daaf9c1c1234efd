// Made artefacts of generated, separated and coded music above 4 kHz, for tests and benchmarks of the repair of shimmer,
// and what that repair does to sound as the stage does it: still lines first, then lines that flicker.
import { createShimmerRule, isShimmer, measureShimmer } from '../../../src/dsp/repair/shimmer.js';
import {
  type FrameGains,
  repairSpectrally,
  type SpectralRule,
} from '../../../src/dsp/repair/spectral-repair.js';
import { countLines, createStillLineRule, findStillLines } from '../../../src/dsp/repair/still-lines.js';
import { randomFrom, sourceOf } from './sources.js';

/** Lines that are on for one or two frames of a coder of 1024. */
export function codecFrames(frames: number, rateHz: number): Float64Array {
  const random = randomFrom(1);
  const out = new Float64Array(frames);
  for (let start = 0; start + 2048 < frames; start += 1024) {
    for (let line = 0; line < 4; line++) {
      const hz = 4500 + 10_000 * random();
      const length = 1024 * (1 + Math.floor(2 * random()));
      for (let n = 0; n < length; n++)
        out[start + n]! += Math.sin((Math.PI * n) / length) ** 2 * Math.sin((2 * Math.PI * hz * n) / rateHz);
    }
  }
  return out;
}

/** Lines whose level and phase wander at 40 Hz, as where a phase vocoder lost their phases. */
export function vocoderShimmer(frames: number, rateHz: number): Float64Array {
  const random = randomFrom(2);
  const out = new Float64Array(frames);
  const follow = (2 * Math.PI * 40) / rateHz;
  for (let line = 0; line < 10; line++) {
    const hz = 4500 + 900 * line + 300 * random();
    const states = new Float64Array(4);
    for (let n = 0; n < frames; n++) {
      for (const part of [0, 2]) {
        states[part] = states[part]! + follow * (2 * random() - 1 - states[part]!);
        states[part + 1] = states[part + 1]! + follow * (states[part]! - states[part + 1]!);
      }
      const angle = (2 * Math.PI * hz * n) / rateHz;
      out[n]! += states[1]! * Math.cos(angle) - states[3]! * Math.sin(angle);
    }
  }
  return out;
}

/** Images at multiples of 750 Hz, as strided up-sampling leaves them, that never move. */
export function combAliases(frames: number, rateHz: number): Float64Array {
  return Float64Array.from({ length: frames }, (_, n) => {
    let sum = 0;
    for (let k = 6; k < 20; k++) sum += Math.sin((2 * Math.PI * 750 * k * n) / rateHz + k);
    return sum;
  });
}

export const ARTEFACTS = [
  ['frames of a coder', codecFrames],
  ['a phase vocoder', vocoderShimmer],
  ['comb aliasing', combAliases],
] as const;

/** How much of the sound shimmers, and the lines that never move. */
export function surveyShimmer(samples: Float64Array, rateHz: number) {
  const source = sourceOf([samples], rateHz);
  return {
    counts: measureShimmer(source, 0, samples.length),
    lines: findStillLines(countLines(source, 0, samples.length), rateHz),
  };
}

/**
 * What the stage makes of the sound, and the same gains for anything else: of the music and the artefact alone they
 * tell what becomes of each.
 * @param isForced mends flicker even where there is too little of it to be shimmer
 */
export function stillShimmer(samples: Float64Array, rateHz: number, isForced = false) {
  const { counts, lines } = surveyShimmer(samples, rateHz);
  const options = { sampleRateHz: rateHz, maxReductionDb: 18 };
  const rules: SpectralRule[] = [];
  if (lines.length > 0) rules.push(createStillLineRule({ ...options, lines }));
  if (isForced || isShimmer(counts, lines.length > 0)) rules.push(createShimmerRule(options));
  const run = (rule: SpectralRule, on: Float64Array) => {
    const output = new Float64Array(on.length);
    repairSpectrally(sourceOf([on], rateHz), 0, on.length, rule, [output]);
    return output;
  };
  const steps: ((on: Float64Array) => Float64Array)[] = [];
  let output = samples;
  for (const rule of rules) {
    let chosen: readonly FrameGains[] = [];
    output = run({ ...rule, decide: (...of) => (chosen = rule.decide(...of)) }, output);
    steps.push((on) => run({ ...rule, decide: () => chosen }, on));
  }
  return {
    output,
    isFound: rules.length > 0,
    alike: (on: Float64Array) => steps.reduce((sound, step) => step(sound), on),
  };
}
