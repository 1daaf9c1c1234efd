// Artefacts of known level in made music: how far they fall, what the music loses, and that clean music passes.
// The gains that the rule chose for the sum are applied to the music and to the artefact alone, which tells of both.
import { describe, expect, it } from 'vitest';
import { createShimmerRule, shimmerShareOf } from '../../../src/dsp/repair/shimmer.js';
import { repairSpectrally } from '../../../src/dsp/repair/spectral-repair.js';
import { createStillLineRule } from '../../../src/dsp/repair/still-lines.js';
import { scaleInvariantSdrDb } from '../../helpers/sdr.js';
import { differenceOf, isSameAudio, levelDbfs, sumOf, whiteNoise } from '../denoise/signals.js';
import { ARTEFACTS, codecFrames, combAliases, stillShimmer, surveyShimmer } from './artefacts.js';
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

describe('shimmer', () => {
  it.each(ARTEFACTS)('of %s is found and falls by 8 dB or more, and the music stays', (_name, make) => {
    const artefact = atLevel(make(FRAMES, RATE), 18);
    const damaged = sumOf(clean, artefact);
    const { output, alike, isFound } = stillShimmer(damaged, RATE);
    expect(isFound).toBe(true);
    expect(levelDbfs(artefact) - levelDbfs(alike(artefact))).toBeGreaterThan(8);
    // What the music itself loses lies far below it, and the whole comes nearer to the music than it was.
    const lost = differenceOf(alike(clean), clean);
    expect(levelDbfs(lost) - levelDbfs(clean)).toBeLessThan(-30);
    expect(scaleInvariantSdrDb(clean, output)).toBeGreaterThan(scaleInvariantSdrDb(clean, damaged) + 6);
  });

  it('is not found in clean music, of which the rule would take less than −40 dB', () => {
    const { counts, lines } = surveyShimmer(clean, RATE);
    expect(shimmerShareOf(counts)).toBeLessThan(0.02);
    expect(lines).toEqual([]);
    const forced = stillShimmer(clean, RATE, true).output;
    expect(levelDbfs(differenceOf(forced, clean)) - levelDbfs(clean)).toBeLessThan(-40);
  });

  it('that never moves is found line by line, each within 12 Hz', () => {
    const { lines } = surveyShimmer(sumOf(clean, atLevel(combAliases(FRAMES, RATE), 24)), RATE);
    const isAt = (hz: number) => lines.some(({ lowHz, highHz }) => Math.abs((lowHz + highHz) / 2 - hz) < 12);
    for (let k = 6; k < 20; k++) expect(isAt(750 * k), `${750 * k} Hz`).toBe(true);
    // One harmonic of this music stands in half of its notes.
    expect(lines.length).toBeLessThan(16);
  });

  it.each([
    ['flickers', createShimmerRule({ sampleRateHz: RATE, maxReductionDb: 18 }), codecFrames],
    [
      'never moves',
      createStillLineRule({
        sampleRateHz: RATE,
        maxReductionDb: 18,
        lines: [{ lowHz: 9000, highHz: 9000 }],
      }),
      combAliases,
    ],
  ])('that %s comes out the same for any cut into ranges', (_name, rule, make) => {
    const damaged = sumOf(clean, atLevel(make(FRAMES, RATE), 26));
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
