// Artefacts of known level in made music: how far they fall, what the music loses, and that clean music passes.
// The gains that the rule chose for the sum are applied to the music and to the artefact alone, which tells of both.
import { describe, expect, it } from 'vitest';
import {
  createShimmerRule,
  findCombLines,
  measureShimmer,
  SHIMMER_SHARE,
} from '../../../src/dsp/repair/shimmer.js';
import {
  type FrameGains,
  repairSpectrally,
  type SpectralRule,
} from '../../../src/dsp/repair/spectral-repair.js';
import { differenceOf, isSameAudio, levelDbfs, sumOf, whiteNoise } from '../denoise/signals.js';
import { randomFrom, sourceOf } from './sources.js';
import { bandNoise } from './voices.js';

const RATE = 48_000;
const FRAMES = 5 * RATE;

/** A sung tone with vibrato and harmonics to 10 kHz, hits of a cymbal and a soft room. */
function music(): Float64Array {
  const random = randomFrom(5);
  const cymbal = bandNoise(FRAMES, 6000, 14_000, RATE, 2);
  const room = whiteNoise(FRAMES, -75, 3);
  let turns = 0;
  let hitAt = 0;
  return Float64Array.from({ length: FRAMES }, (_, n) => {
    const sec = n / RATE;
    const noteHz = [220, 261.6, 329.6][Math.floor(sec / 1.2) % 3]!;
    turns += (noteHz * 2 ** ((0.35 / 12) * Math.sin(2 * Math.PI * 5.5 * sec))) / RATE;
    const within = (sec % 1.2) / 1.2;
    let sum = 0;
    for (let k = 1; k * noteHz < 10_000; k++)
      sum += Math.sin(2 * Math.PI * k * turns) / (k * (1 + (k * noteHz) / 4000));
    if (random() < 2 / RATE) hitAt = n;
    const hit = 0.1 * Math.exp((-12 * (n - hitAt)) / RATE) * cymbal[n]!;
    return 0.2 * sum * Math.min(1, 12 * within, 12 * (1 - within)) + hit + room[n]!;
  });
}

const clean = music();
const atLevel = (artefact: Float64Array, belowDb: number): Float64Array => {
  const gain = 10 ** ((levelDbfs(clean) - belowDb - levelDbfs(artefact)) / 20);
  return artefact.map((value) => gain * value);
};

/** Lines that are on for one or two frames of a coder of 1024. */
function codecFrames(): Float64Array {
  const random = randomFrom(1);
  const out = new Float64Array(FRAMES);
  for (let start = 0; start + 2048 < FRAMES; start += 1024) {
    for (let line = 0; line < 4; line++) {
      const hz = 4500 + 10_000 * random();
      const length = 1024 * (1 + Math.floor(2 * random()));
      for (let n = 0; n < length; n++)
        out[start + n]! += Math.sin((Math.PI * n) / length) ** 2 * Math.sin((2 * Math.PI * hz * n) / RATE);
    }
  }
  return out;
}

/** Lines whose level and phase wander at 40 Hz, as where a phase vocoder lost their phases. */
function vocoderShimmer(): Float64Array {
  const random = randomFrom(2);
  const out = new Float64Array(FRAMES);
  const follow = (2 * Math.PI * 40) / RATE;
  for (let line = 0; line < 10; line++) {
    const hz = 4500 + 900 * line + 300 * random();
    const states = new Float64Array(4);
    for (let n = 0; n < FRAMES; n++) {
      for (const part of [0, 2]) {
        states[part] = states[part]! + follow * (2 * random() - 1 - states[part]!);
        states[part + 1] = states[part + 1]! + follow * (states[part]! - states[part + 1]!);
      }
      const angle = (2 * Math.PI * hz * n) / RATE;
      out[n]! += states[1]! * Math.cos(angle) - states[3]! * Math.sin(angle);
    }
  }
  return out;
}

/** Images at multiples of 750 Hz, as strided up-sampling leaves them, that never move. */
function combAliases(): Float64Array {
  return Float64Array.from({ length: FRAMES }, (_, n) => {
    let sum = 0;
    for (let k = 6; k < 20; k++) sum += Math.sin((2 * Math.PI * 750 * k * n) / RATE + k);
    return sum;
  });
}

function survey(samples: Float64Array) {
  const counts = measureShimmer(sourceOf([samples]), 0, FRAMES);
  return { share: counts.flickering / counts.bins, combBins: findCombLines(counts) };
}

/** Mends `samples`, and gives the gains to be applied to anything else. */
function repair(samples: Float64Array) {
  const rule = createShimmerRule({
    sampleRateHz: RATE,
    maxReductionDb: 18,
    combBins: survey(samples).combBins,
  });
  let chosen: readonly FrameGains[] = [];
  const run = (own: SpectralRule, on: Float64Array) => {
    const output = new Float64Array(FRAMES);
    repairSpectrally(sourceOf([on]), 0, FRAMES, own, [output]);
    return output;
  };
  const output = run({ ...rule, decide: (...of) => (chosen = rule.decide(...of)) }, samples);
  return { output, alike: (on: Float64Array) => run({ ...rule, decide: () => chosen }, on) };
}

describe('shimmer', () => {
  it.each([
    ['frames of a coder', codecFrames],
    ['a phase vocoder', vocoderShimmer],
    ['comb aliasing', combAliases],
  ])('of %s is found and falls by 8 dB or more, and the music stays', (_name, make) => {
    const artefact = atLevel(make(), 18);
    const damaged = sumOf(clean, artefact);
    const found = survey(damaged);
    expect(found.share >= SHIMMER_SHARE || found.combBins.length > 0).toBe(true);
    const { output, alike } = repair(damaged);
    expect(levelDbfs(artefact) - levelDbfs(alike(artefact))).toBeGreaterThan(8);
    // What the music itself loses lies far below it, and the whole comes nearer to the music than it was.
    const lost = differenceOf(alike(clean), clean);
    expect(levelDbfs(lost) - levelDbfs(clean)).toBeLessThan(-30);
    expect(levelDbfs(differenceOf(output, clean))).toBeLessThan(levelDbfs(artefact));
  });

  it('is not found in clean music, of which the rule would take less than −40 dB', () => {
    const { share, combBins } = survey(clean);
    expect(share).toBeLessThan(SHIMMER_SHARE / 2);
    expect(combBins).toEqual([]);
    expect(levelDbfs(differenceOf(repair(clean).output, clean)) - levelDbfs(clean)).toBeLessThan(-40);
  });

  it('comes out the same for any cut into ranges', () => {
    const damaged = sumOf(clean, atLevel(codecFrames(), 26));
    const rule = createShimmerRule({ sampleRateHz: RATE, maxReductionDb: 18, combBins: [] });
    const run = (rangeFrames: number) => {
      const output = new Float64Array(RATE);
      for (let start = 0; start < RATE; start += rangeFrames) {
        const end = Math.min(RATE, start + rangeFrames);
        repairSpectrally(sourceOf([damaged]), start, end, rule, [output.subarray(start, end)]);
      }
      return output;
    };
    const whole = run(RATE);
    const cut = run(7777);
    expect(levelDbfs(differenceOf(cut, whole))).toBeLessThan(-250);
    expect(isSameAudio([run(7777)], [cut])).toBe(true);
  });
});
