// Spectra of two channels at once against the transform in float64, and their way back.
import { describe, expect, it } from 'vitest';
import { createPairStft } from '../../../src/dsp/separation/pair-stft.js';
import { createStft } from '../../../src/dsp/stft.js';
import { noise } from '../signals.js';

const SIZE = 256;
const HOP = 64;

describe('createPairStft', () => {
  it.each([0, -100, 900])('holds the spectra of both channels, from frame %i on', (start) => {
    const channels = [noise(1000, 1), noise(1000, 2)];
    const pair = createPairStft(SIZE, HOP);
    const plain = createStft({ fftSize: SIZE, hopFrames: HOP, window: 'hann' });
    pair.analyse(channels, start);
    const [leftRe, leftIm, rightRe, rightIm] = Array.from(
      { length: 4 },
      () => new Float64Array(SIZE / 2 + 1),
    );
    plain.analyse(channels[0]!, start, leftRe!, leftIm!);
    plain.analyse(channels[1]!, start, rightRe!, rightIm!);
    for (let bin = 1; bin < SIZE / 2; bin++) {
      expect(pair.re[bin]!).toBeCloseTo(leftRe![bin]! - rightIm![bin]!, 4);
      expect(pair.im[bin]!).toBeCloseTo(leftIm![bin]! + rightRe![bin]!, 4);
    }
  });

  it.each([1, 2])('gives the signal back under a mask of one, %i channels', (count) => {
    const channels = [noise(2000, 3), noise(2000, 4)].slice(0, count);
    const pair = createPairStft(SIZE, HOP);
    const out = channels.map(() => new Float32Array(2000));
    const mask = new Float64Array(SIZE / 2 + 1).fill(1);
    for (let start = HOP - SIZE; start < 2000; start += HOP) {
      pair.analyse(channels, start);
      pair.synthesise(mask, out, start);
    }
    for (const [channel, samples] of channels.entries())
      for (let i = 0; i < 2000; i++) expect(Math.abs(out[channel]![i]! - samples[i]!)).toBeLessThan(2e-6);
  });

  it('lets a mask of few bins pass those alone', () => {
    const tone = (hz: number) =>
      Float32Array.from({ length: 2000 }, (_, i) => Math.sin((2 * Math.PI * hz * i) / 8000));
    const pair = createPairStft(SIZE, HOP);
    const out = [new Float32Array(2000), new Float32Array(2000)];
    const mask = new Float64Array(40).fill(1);
    const channels = [tone(500), tone(3000)];
    for (let start = HOP - SIZE; start < 2000; start += HOP) {
      pair.analyse(channels, start);
      pair.synthesise(mask, out, start);
    }
    // The mask ends at 1250 Hz.
    for (let i = 300; i < 1700; i++) {
      expect(out[0]![i]!).toBeCloseTo(channels[0]![i]!, 3);
      expect(Math.abs(out[1]![i]!)).toBeLessThan(1e-3);
    }
  });

  it('masks mid and side apart', () => {
    const channels = [noise(2000, 5), noise(2000, 6)];
    const pair = createPairStft(SIZE, HOP);
    const out = channels.map(() => new Float32Array(2000));
    const whole = new Float32Array(SIZE / 2 + 1).fill(1);
    const half = new Float32Array(SIZE / 2 + 1).fill(0.5);
    for (let start = HOP - SIZE; start < 2000; start += HOP) {
      pair.analyse(channels, start);
      pair.synthesiseMidSide(whole, half, out, start);
    }
    for (let i = 0; i < 2000; i++) {
      const mid = (channels[0]![i]! + channels[1]![i]!) / 2;
      const side = (channels[0]![i]! - channels[1]![i]!) / 2;
      expect(out[0]![i]!).toBeCloseTo(mid + side / 2, 5);
      expect(out[1]![i]!).toBeCloseTo(mid - side / 2, 5);
    }
  });
});
