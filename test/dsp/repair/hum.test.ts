// Hum of known frequency, drift and level under a voice and under bass notes; rumble; and files without either.
import { describe, expect, it } from 'vitest';
import { measureCombs, measurePhasors } from '../../../src/dsp/repair/hum-lines.js';
import { type Hum, resolveHum, trackHum } from '../../../src/dsp/repair/hum-track.js';
import { runRepair } from '../../../src/dsp/repair/repairs.js';
import { isRumble, measureRumble, rumbleLevelDbfs } from '../../../src/dsp/repair/rumble.js';
import { measureLongCombs, trackSoftHum } from '../../../src/dsp/repair/soft-hum.js';
import {
  differenceOf,
  isSameAudio,
  levelDbfs,
  musicLike,
  speechLike,
  sumOf,
  whiteNoise,
} from '../denoise/signals.js';
import { randomFrom, sourceOf } from './sources.js';

const RATE = 12_000;
const FRAMES = 18 * RATE;
const room = whiteNoise(FRAMES, -78, 9);
const voice = sumOf(speechLike(FRAMES, RATE), room);

/** Fifteen harmonics, falling, of a fundamental that moves by ±driftHz over a minute and a half. */
function humOf(fundamentalHz: number, driftHz: number, amplitude: number): Float64Array {
  let turns = 0;
  return Float64Array.from({ length: FRAMES }, (_, n) => {
    turns += (fundamentalHz + driftHz * Math.sin((2 * Math.PI * n) / RATE / 90)) / RATE;
    let sum = 0;
    for (let k = 1; k <= 15; k++) sum += (amplitude / k) * Math.sin(2 * Math.PI * k * turns + k * k);
    return sum;
  });
}

/** Bass notes of every pitch of a scale near the mains and their harmonics, none of them held for long. */
function bassLine(): Float64Array {
  const random = randomFrom(11);
  const notesHz = [49, 51.91, 55, 58.27, 61.74, 65.41, 98, 103.83, 116.54, 123.47];
  const out = new Float64Array(FRAMES);
  for (let at = 0; at < FRAMES; ) {
    const length = Math.round((0.2 + 0.4 * random()) * RATE);
    const hz = notesHz[Math.floor(random() * notesHz.length)]!;
    for (let n = 0; n < length && at + n < FRAMES; n++) {
      const envelope = Math.min(1, n / 500) * Math.min(1, (length - n) / 2000) * Math.exp((-2 * n) / RATE);
      for (let k = 1; k <= 5; k++)
        out[at + n]! += (0.2 / k) * envelope * Math.sin((2 * Math.PI * hz * k * n) / RATE);
    }
    at += length + Math.round(0.1 * random() * RATE);
  }
  return sumOf(out, room);
}

function findHum(samples: Float64Array): Hum | undefined {
  const source = sourceOf([samples], RATE);
  const tracks = [
    trackHum(measureCombs(source, 0, FRAMES)),
    trackSoftHum([measureLongCombs(source, 0, FRAMES)], FRAMES / RATE, FRAMES / RATE),
  ];
  for (const found of tracks) {
    const hum = found && resolveHum(found, measurePhasors(source, 0, FRAMES, found.track));
    if (hum !== undefined) return hum;
  }
  return undefined;
}

/** Bars of two seconds that repeat to the sample: a kick at 50 Hz, a bass at 100 Hz, lines at every multiple of 0.5 Hz. */
function sequencedBars(): Float64Array {
  return Float64Array.from({ length: FRAMES }, (_, n) => {
    const beatSec = (n / RATE) % 0.5;
    const barSec = (n / RATE) % 2;
    const kick = Math.exp(-12 * beatSec) * Math.sin(2 * Math.PI * 50 * beatSec);
    let bass = 0;
    if (barSec < 1.2) for (let k = 1; k <= 4; k++) bass += Math.sin(2 * Math.PI * 100 * k * barSec) / k;
    return 0.4 * kick + 0.2 * Math.min(1, 20 * barSec) * Math.exp(-barSec) * bass;
  });
}

/** A bass line in a dull roar without a pause. */
function loudMusic(): Float64Array {
  let held = 0;
  const roar = whiteNoise(FRAMES, -12, 5).map((value) => {
    held += 0.1 * (value - held);
    return held;
  });
  return sumOf(bassLine(), roar);
}

function remove(samples: Float64Array, hum: Hum, rangeFrames = FRAMES): Float64Array {
  const output = new Float64Array(FRAMES);
  for (let start = 0; start < FRAMES; start += rangeFrames) {
    const end = Math.min(FRAMES, start + rangeFrames);
    runRepair({ repair: 'hum', hum }, sourceOf([samples], RATE), start, end, [output.subarray(start, end)]);
  }
  return output;
}

describe('hum', () => {
  it.each([
    ['50 Hz, a little fast', 50.07, 0, 0.01, 25],
    ['60 Hz, drifting', 59.9, 0.05, 0.003, 12],
    ['50 Hz, faint', 50.2, 0, 0.001, 15],
  ])('of %s is found by itself and taken out of a voice', (_name, hz, driftHz, amplitude, leastDb) => {
    const added = humOf(hz, driftHz, amplitude);
    const damaged = sumOf(voice, added);
    const hum = findHum(damaged)!;
    expect(hum.mainsHz).toBe(Math.round(hz / 10) * 10);
    expect(hum.minHz).toBeGreaterThan(hz - driftHz - 0.05);
    expect(hum.maxHz).toBeLessThan(hz + driftHz + 0.05);
    expect(Math.abs(hum.levelDbfs - levelDbfs(added))).toBeLessThan(2);
    const left = differenceOf(remove(damaged, hum), voice).subarray(RATE, FRAMES - RATE);
    expect(levelDbfs(added) - levelDbfs(left)).toBeGreaterThan(leastDb);
  });

  it('is found 19 dB below music that never pauses, and falls', () => {
    const music = loudMusic();
    const shape = humOf(50.1, 0.02, 0.01);
    const gain = 10 ** ((levelDbfs(music) - 19 - levelDbfs(shape)) / 20);
    const added = shape.map((value) => gain * value);
    const damaged = sumOf(music, added);
    expect(trackHum(measureCombs(sourceOf([damaged], RATE), 0, FRAMES))).toBeUndefined();
    const hum = findHum(damaged)!;
    expect(hum.minHz).toBeGreaterThan(49.95);
    expect(hum.maxHz).toBeLessThan(50.25);
    const left = differenceOf(remove(damaged, hum), music).subarray(RATE, FRAMES - RATE);
    expect(levelDbfs(added) - levelDbfs(left)).toBeGreaterThan(3);
  });

  it('is taken out from under bass notes, which stay', () => {
    const bass = bassLine();
    const added = humOf(50.1, 0, 0.02);
    const damaged = sumOf(bass, added);
    const hum = findHum(damaged)!;
    const left = differenceOf(remove(damaged, hum), bass).subarray(RATE, FRAMES - RATE);
    expect(levelDbfs(added) - levelDbfs(left)).toBeGreaterThan(3);
    expect(levelDbfs(left) - levelDbfs(bass)).toBeLessThan(-20);
  });

  it.each([
    ['a voice', voice],
    ['a bass line', bassLine()],
    ['music', sumOf(musicLike(FRAMES, RATE), room)],
    ['loud music', loudMusic()],
    ['silence', new Float64Array(FRAMES)],
  ])('is not found in %s', (_name, clean) => {
    expect(findHum(clean)).toBeUndefined();
  });

  it('is not taken from bars that repeat by what stands out of a minute as a whole', () => {
    const combs = measureLongCombs(sourceOf([sequencedBars()], RATE), 0, FRAMES);
    expect(combs.mains[0]!.score).toBeGreaterThan(24);
    expect(trackSoftHum([combs], FRAMES / RATE, FRAMES / RATE)).toBeUndefined();
  });

  it('comes out the same for any cut into ranges', () => {
    const damaged = sumOf(voice, humOf(50.07, 0, 0.01));
    const hum = findHum(damaged)!;
    expect(isSameAudio([remove(damaged, hum, 77_777)], [remove(damaged, hum)])).toBe(true);
  });
});

/** A loud kick drum, four a second: its edges reach below 16 Hz. */
function kicks(): Float64Array {
  return Float64Array.from({ length: FRAMES }, (_, n) => {
    const sec = (n / RATE) % 0.25;
    return 0.7 * Math.exp(-25 * sec) * Math.sin(2 * Math.PI * (50 + 60 * Math.exp(-50 * sec)) * sec);
  });
}

describe('rumble', () => {
  const shake = Float64Array.from(
    { length: FRAMES },
    (_, n) => 0.02 * Math.sin((2 * Math.PI * 9 * n) / RATE) + 0.01 * Math.sin((2 * Math.PI * 4.3 * n) / RATE),
  );
  const damaged = sumOf(voice, shake);
  const measure = (samples: Float64Array) => measureRumble(sourceOf([samples], RATE), 0, FRAMES);

  it('is found by its level', () => {
    expect(Math.abs(rumbleLevelDbfs(measure(damaged))! - levelDbfs(shake))).toBeLessThan(1.5);
    expect(isRumble(measure(damaged))).toBe(true);
    for (const clean of [voice, bassLine(), musicLike(FRAMES, RATE), kicks(), new Float64Array(FRAMES)])
      expect(isRumble(measure(clean))).toBe(false);
  });

  it('is taken away by more than 40 dB, and what is above passes', () => {
    const output = new Float64Array(FRAMES);
    runRepair({ repair: 'rumble' }, sourceOf([damaged], RATE), 0, FRAMES, [output]);
    const left = differenceOf(output, voice).subarray(RATE, FRAMES - RATE);
    expect(levelDbfs(shake) - levelDbfs(left)).toBeGreaterThan(40);
    const cut = new Float64Array(FRAMES);
    for (let start = 0; start < FRAMES; start += 55_555) {
      const end = Math.min(FRAMES, start + 55_555);
      runRepair({ repair: 'rumble' }, sourceOf([damaged], RATE), start, end, [cut.subarray(start, end)]);
    }
    expect(isSameAudio([cut], [output])).toBe(true);
  });
});
