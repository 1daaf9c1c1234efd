// Separation by a network that is given: what it is shown, sums, ranges, and masks of mid and side.
import { describe, expect, it } from 'vitest';
import { createNetworkSeparator, type ShareNetwork } from '../../../src/dsp/separation/network-range.js';
import { STEM_NAMES, type Stems } from '../../../src/dsp/separation/separate-range.js';
import { noise } from '../signals.js';

const RATE_HZ = 8000;
const FRAMES = 12_000;
const BIN_COUNT = 200;
const MARGIN_FRAMES = 3;

/** A network whose share for each [mid, side][drums, bass, other, vocals] of a cell is told by `judge`. */
function network(judge: (at: (kind: number, frame: number) => number, bin: number) => readonly number[]) {
  const made: ShareNetwork = {
    marginFrames: MARGIN_FRAMES,
    binCount: BIN_COUNT,
    async judge(powers, frameCount) {
      const held = frameCount + 2 * MARGIN_FRAMES;
      const shares = new Float32Array(8 * frameCount * BIN_COUNT);
      for (let t = 0; t < frameCount; t++)
        for (let bin = 0; bin < BIN_COUNT; bin++) {
          const at = (kind: number, frame: number) =>
            powers[(kind * held + t + MARGIN_FRAMES + frame) * BIN_COUNT + bin]!;
          for (const [row, share] of judge(at, bin).entries())
            shares[(row * frameCount + t) * BIN_COUNT + bin] = share;
        }
      return shares;
    },
  };
  return made;
}

async function separate(
  channels: readonly Float32Array[],
  judge: ShareNetwork,
  cuts: readonly number[] = [],
): Promise<Stems> {
  const separator = createNetworkSeparator(RATE_HZ, judge);
  const read = (start: number, into: readonly Float32Array[]) => {
    for (const [channel, samples] of into.entries())
      for (let i = 0; i < samples.length; i++) samples[i] = channels[channel]![start + i] ?? 0;
  };
  const whole = Object.fromEntries(
    STEM_NAMES.map((name) => [name, channels.map(() => new Float32Array(FRAMES))]),
  ) as unknown as Record<(typeof STEM_NAMES)[number], Float32Array[]>;
  const borders = [0, ...cuts, FRAMES];
  for (let k = 0; k + 1 < borders.length; k++) {
    const song = { channelCount: channels.length, midRms: 0.1 };
    const stems = await separator.separate(read, song, borders[k]!, borders[k + 1]!);
    for (const name of STEM_NAMES)
      for (const [channel, samples] of stems[name].entries()) whole[name][channel]!.set(samples, borders[k]!);
  }
  return whole;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, sample, i) => Math.max(largest, Math.abs(sample - b[i]!)), 0);
}

const stereo = [noise(FRAMES, 1), noise(FRAMES, 2)];
/** Depends on a cell, on one three frames ahead and on one three frames back. */
const contextual = network((at) => {
  const voice = at(0, 3) / (at(0, -3) + at(0, 3) + at(1, 0) + 1e-9);
  return [0.2, 0.3 * voice, 0.8 - voice * 0.8, 0.5 * voice, 0, 0.1, 0.9 - 0.5 * voice, 0.5 * voice];
});

describe('createNetworkSeparator', () => {
  it('gives stems that sum to the mixture, at one, two and five channels', async () => {
    for (const channels of [stereo.slice(0, 1), stereo, [...stereo, ...stereo, noise(FRAMES, 5)]]) {
      const stems = await separate(channels, contextual);
      for (const [channel, samples] of channels.entries()) {
        const sum = samples.map((_, i) =>
          STEM_NAMES.reduce((total, name) => total + stems[name][channel]![i]!, 0),
        );
        expect(largestDifference(sum, samples)).toBeLessThan(1e-6);
      }
      for (const name of ['vocals', 'drums', 'bass'] as const)
        for (const samples of stems[name].slice(2))
          expect(samples.every((sample) => sample === 0)).toBe(true);
    }
  });

  it('gives the same samples wherever ranges are cut', async () => {
    const whole = await separate(stereo, contextual);
    const cut = await separate(stereo, contextual, [3001, 7777]);
    for (const name of STEM_NAMES)
      for (const [channel, samples] of whole[name].entries())
        expect(largestDifference(samples, cut[name][channel]!)).toBeLessThan(1e-6);
  });

  it('masks mid and side apart: the mid as vocals is what both channels share', async () => {
    const stems = await separate(
      stereo,
      network(() => [0, 0, 0, 1, 0, 0, 1, 0]),
    );
    // Bins from 200 on are not judged, so the tones are below: a band of the noise is compared by a second pass.
    const shared = stereo[0]!.map((sample, i) => (sample + stereo[1]![i]!) / 2);
    const again = await separate(
      [shared],
      network(() => [0, 0, 0, 1, 0, 0, 0, 1]),
    );
    for (const samples of stems.vocals)
      expect(largestDifference(samples, again.vocals[0]!)).toBeLessThan(1e-5);
  });

  it('shows powers of mid and side and their product, at the level that the network knows', async () => {
    const seen: number[][] = [];
    const rms = 0.1;
    const tone = Float32Array.from(
      { length: FRAMES },
      (_, i) => Math.SQRT2 * rms * Math.sin((2 * Math.PI * 64 * i) / 1024),
    );
    const judge = network((at, bin) => {
      if (bin === 64) seen.push([at(0, 0), at(1, 0), at(2, 0)]);
      return [0, 0, 1, 0, 0, 0, 1, 0];
    });
    await separate([tone, new Float32Array(FRAMES)], judge);
    // Half of a tone of the left channel is mid and half is side. A Hann window of 1024 has a sum of 512.
    const expected = ((0.07 * Math.SQRT2) / 2 / 2) * 512;
    const [mid, side, product] = seen[Math.floor(seen.length / 2)]!;
    expect(Math.sqrt(mid!)).toBeCloseTo(expected, 2);
    expect(Math.sqrt(side!)).toBeCloseTo(expected, 2);
    expect(product!).toBeCloseTo(mid!, 2);
  });
});
