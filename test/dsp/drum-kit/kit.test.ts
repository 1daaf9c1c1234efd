import { describe, expect, it } from 'vitest';
import { KitBank, KitPlayer, type KitStroke, stemOf } from '../../../src/dsp/drum-kit/kit-player.js';
import { KIT_NAMES, KIT_SOUNDS, type KitName, synthesise } from '../../../src/dsp/drum-kit/kits.js';

const RATE_HZ = 22_050;
const strokes: KitStroke[] = [
  { sound: 'kick', timeSec: 0, velocity: 100, durationSec: 0.1 },
  { sound: 'openHat', timeSec: 0.02, velocity: 90, durationSec: 0.18 },
  { sound: 'closedHat', timeSec: 0.2, velocity: 70, durationSec: 0.1 },
  { sound: 'snare', timeSec: 0.3, velocity: 120, durationSec: 0.1 },
  { sound: 'crash', timeSec: 0.31, velocity: 110, durationSec: 2 },
];

function render(list: readonly KitStroke[], blockFrames: number, kit: KitName = 'rock', frames = 16_384) {
  const player = new KitPlayer(new KitBank(kit, RATE_HZ), list, blockFrames);
  const left = new Float64Array(frames);
  const right = new Float64Array(frames);
  for (let start = 0; start < frames; start += blockFrames) {
    player.process(left.subarray(start, start + blockFrames), right.subarray(start, start + blockFrames));
  }
  return { left, right };
}

function centroidHz(samples: Float32Array): number {
  // Zero crossings tell brightness well enough to order sounds.
  let crossings = 0;
  let energy = 0;
  let weighted = 0;
  for (let i = 1; i < samples.length; i++) {
    const power = samples[i]! ** 2;
    const slope = (samples[i]! - samples[i - 1]!) ** 2;
    energy += power;
    weighted += slope;
    if (samples[i]! * samples[i - 1]! < 0) crossings++;
  }
  expect(crossings).toBeGreaterThan(0);
  return (RATE_HZ / (2 * Math.PI)) * Math.sqrt(weighted / energy);
}

describe('the kit', () => {
  it('gives the same samples whatever the block size', () => {
    const a = render(strokes, 4096);
    const b = render(strokes, 512);
    expect(a.left).toEqual(b.left);
    expect(a.right).toEqual(b.right);
  });

  it('adds up from its stems', () => {
    const mix = render(strokes, 4096).left;
    const stems = new Map<string, KitStroke[]>();
    for (const stroke of strokes) {
      const stem = stemOf(stroke.sound);
      stems.set(stem, [...(stems.get(stem) ?? []), stroke]);
    }
    expect([...stems.keys()]).toEqual(['kick', 'hats', 'snare', 'crash']);
    const sum = new Float64Array(mix.length);
    for (const part of stems.values()) {
      render(part, 4096).left.forEach((sample, i) => {
        sum[i] = sum[i]! + sample;
      });
    }
    expect(Math.max(...sum.map((sample, i) => Math.abs(sample - mix[i]!)))).toBeLessThan(1e-12);
  });

  it.each([...KIT_NAMES])('%s sounds on every piece, louder and brighter as it is hit harder', (kit) => {
    for (const sound of KIT_SOUNDS) {
      const soft = synthesise(kit, sound, { strength: 0.2, variation: 1, sampleRateHz: RATE_HZ });
      const hard = synthesise(kit, sound, { strength: 1, variation: 1, sampleRateHz: RATE_HZ });
      const peak = (samples: Float32Array) => samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      expect(peak(hard)).toBeCloseTo(1, 3);
      expect(peak(soft)).toBeLessThan(0.35);
      expect(hard.every(Number.isFinite)).toBe(true);
      expect(Math.abs(hard.at(-1)!)).toBeLessThan(0.01);
    }
    for (const sound of ['snare', 'closedHat', 'crash']) {
      const brightness = (strength: number) =>
        centroidHz(synthesise(kit, sound, { strength, variation: 1, sampleRateHz: RATE_HZ }));
      expect(brightness(1)).toBeGreaterThan(brightness(0.2));
    }
  });

  it('is low in the kick, high in the hats, and differs from stroke to stroke', () => {
    const of = (sound: string, variation = 1) =>
      synthesise('rock', sound, { strength: 0.8, variation, sampleRateHz: RATE_HZ });
    expect(centroidHz(of('kick'))).toBeLessThan(900);
    expect(centroidHz(of('lowTom'))).toBeLessThan(centroidHz(of('snare')));
    expect(centroidHz(of('closedHat'))).toBeGreaterThan(4000);
    expect(of('snare', 1)).not.toEqual(of('snare', 2));
    expect(of('snare', 1)).toEqual(of('snare', 1));
  });

  it('chokes the open hat', () => {
    const tail = (durationSec: number) => {
      const { left } = render([{ sound: 'openHat', timeSec: 0, velocity: 100, durationSec }], 4096, 'analog');
      return left.slice(6000, 7000).reduce((sum, x) => sum + x * x, 0);
    };
    expect(tail(0.1)).toBeLessThan(0.1 * tail(1));
  });
});
