import { describe, expect, it } from 'vitest';
import { type BeatActivations, secToBeatFrame } from '../../../src/dsp/rhythm/activations.js';
import { analyzeRhythm } from '../../../src/dsp/rhythm/analyze-rhythm.js';
import { trackBars } from '../../../src/dsp/rhythm/bar-tracker.js';
import { rhythmSchema } from '../../../src/dsp/rhythm/schema.js';
import { swingRatio, tempoOfBeats } from '../../../src/dsp/rhythm/tempo.js';
import { createNoise } from '../tonal/tones.js';

/** Activations of beats at given times, the downbeats among them, with noise and with some beats missing. */
function activationsOf(beatsSec: readonly number[], meter: number, missing = 0.1): BeatActivations {
  const noise = createNoise(7);
  const durationSec = beatsSec.at(-1)! + 0.5;
  const frames = Math.ceil(durationSec * 50);
  const beat = Float32Array.from({ length: frames }, () => 0.03 + 0.02 * noise());
  const downbeat = beat.slice();
  const onset = new Float32Array(2 * frames);
  beatsSec.forEach((sec, k) => {
    if (0.5 * (noise() + 1) < missing) return;
    const at = secToBeatFrame(sec);
    for (const frame of [Math.floor(at), Math.ceil(at)]) {
      const value = 0.85 * (1 - Math.abs(frame - at) * 0.6);
      beat[frame] = value;
      if (k % meter === 0) downbeat[frame] = value;
    }
    onset[Math.round(sec * 100)] = 0.9;
  });
  return { beat, downbeat, onset };
}

const steady = (bpm: number, count: number, startSec = 0.37): number[] =>
  Array.from({ length: count }, (_, k) => startSec + (k * 60) / bpm);

describe('analyzeRhythm', () => {
  it.each([62.5, 97.3, 120, 128.4, 174, 201])('finds every beat and the tempo of %d BPM', (bpm) => {
    const beats = steady(bpm, 80);
    const result = analyzeRhythm(activationsOf(beats, 4));
    expect(() => rhythmSchema.parse(result)).not.toThrow();
    expect(Math.abs(result.tempoBpm! / bpm - 1)).toBeLessThan(0.003);
    const found = beats.filter((sec) => result.beatsSec.some((other) => Math.abs(other - sec) < 0.03));
    expect(found.length).toBeGreaterThanOrEqual(78);
    expect(Math.abs(result.beatsSec.length - 80)).toBeLessThanOrEqual(2);
  });

  it('follows a tempo that rises from 90 to 130 BPM', () => {
    const beats: number[] = [0.4];
    for (let k = 0; k < 120; k++) beats.push(beats.at(-1)! + 60 / (90 + k / 3));
    const result = analyzeRhythm(activationsOf(beats, 4, 0));
    const found = beats.filter((sec) => result.beatsSec.some((other) => Math.abs(other - sec) < 0.035));
    expect(found.length).toBeGreaterThan(115);
    expect(result.tempoCurve[0]!.tempoBpm).toBeLessThan(95);
    expect(result.tempoCurve.at(-1)!.tempoBpm).toBeGreaterThan(124);
    expect(result.tempoVariationPercent!).toBeGreaterThan(5);
  });

  it.each([2, 3, 4, 5, 6, 7])('numbers bars of %i beats', (meter) => {
    const beats = steady(110, 84);
    const result = analyzeRhythm(activationsOf(beats, meter, 0.05));
    expect(Number.parseInt(result.meter!, 10)).toBe(meter);
    const expected = beats.filter((_, k) => k % meter === 0);
    const found = expected.filter((sec) => result.downbeatsSec.some((other) => Math.abs(other - sec) < 0.03));
    expect(found.length).toBeGreaterThanOrEqual(expected.length - 2);
  });

  it('obeys a given tempo and meter, and is sure of them', () => {
    const activations = activationsOf(steady(140, 90), 4);
    const result = analyzeRhythm(activations, { tempoBpm: 70, meter: '3/4' });
    expect(result.tempoBpm).toBe(70);
    expect(result.meter).toBe('3/4');
    expect(result.tempoConfidence).toBe(1);
    expect(Math.abs(tempoOfBeats(result.beatsSec)! - 70)).toBeLessThan(1);
  });

  it('is less sure where every second beat is weak, and names the other tempo', () => {
    const clear = activationsOf(steady(160, 90), 4, 0);
    const vague = activationsOf(steady(160, 90), 4, 0);
    steady(160, 90).forEach((sec, k) => {
      if (k % 2 === 0) return;
      const at = Math.floor(secToBeatFrame(sec));
      for (const frame of [at, at + 1]) vague.beat[frame] = vague.beat[frame]! * 0.5;
    });
    const sure = analyzeRhythm(clear);
    const unsure = analyzeRhythm(vague);
    expect(unsure.tempoConfidence!).toBeLessThan(sure.tempoConfidence!);
    const named = [unsure.tempoBpm!, ...unsure.tempoAlternativesBpm];
    for (const bpm of [80, 160]) expect(named.some((other) => Math.abs(other / bpm - 1) < 0.02)).toBe(true);
  });

  it('gives null and empty lists for silence and for nothing', () => {
    for (const frames of [0, 1, 500]) {
      const result = analyzeRhythm({
        beat: new Float32Array(frames),
        downbeat: new Float32Array(frames),
        onset: new Float32Array(2 * frames),
      });
      expect(() => rhythmSchema.parse(result)).not.toThrow();
      expect(result.tempoBpm).toBeNull();
      expect(result.beatsSec).toEqual([]);
      expect(result.meter).toBeNull();
    }
  });
});

describe('trackBars', () => {
  it('goes on after a bar of another length', () => {
    const activation = Array.from({ length: 61 }, (_, k) => ((k < 30 ? k : k - 2) % 4 === 0 ? 0.8 : 0.1));
    const { meter, places } = trackBars(activation);
    expect(meter).toBe(4);
    expect(places[28]).toBe(0);
    expect(places[34]).toBe(0);
    expect(places[58]).toBe(0);
  });
});

describe('swingRatio', () => {
  it.each([1, 1.5, 2])('measures a ratio of %d', (ratio) => {
    const beats = steady(120, 60);
    const share = ratio / (1 + ratio);
    const onsets = beats.flatMap((sec) => [sec, sec + share * 0.5]);
    expect(swingRatio(beats, onsets)!).toBeCloseTo(ratio, 1);
  });

  it('gives null without off-beats', () => {
    expect(swingRatio(steady(120, 60), steady(120, 60))).toBeNull();
  });
});
