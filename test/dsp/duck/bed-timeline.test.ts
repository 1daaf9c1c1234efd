import { describe, expect, it } from 'vitest';
import { chooseLoop, createBedReader } from '../../../src/dsp/duck/bed-timeline.js';
import type { FrameSource } from '../../../src/dsp/kernels/frame-window.js';

/** A source whose sample is its position. */
function ramp(frameCount: number): FrameSource {
  return {
    channelCount: 1,
    frameCount,
    read(startFrame, into) {
      for (const samples of into)
        for (let n = 0; n < samples.length; n++) {
          const position = startFrame + n;
          samples[n] = position >= 0 && position < frameCount ? position : 0;
        }
    },
  };
}

function readAll(source: FrameSource, blockFrames: number): Float32Array {
  const all = new Float32Array(source.frameCount);
  for (let at = 0; at < all.length; at += blockFrames)
    source.read(at, [all.subarray(at, Math.min(all.length, at + blockFrames))]);
  return all;
}

describe('createBedReader', () => {
  it('is the source itself where nothing changes', () => {
    const source = ramp(100);
    expect(createBedReader(source, { frameCount: 100, loop: null, fade: null })).toBe(source);
  });

  it('repeats from the start of the loop at its end, again and again', () => {
    const loop = { startFrame: 100, endFrame: 900, fadeFrames: 0 };
    const all = readAll(createBedReader(ramp(1000), { frameCount: 3000, loop, fade: null }), 333);
    expect(all[899]).toBe(899);
    expect(all[900]).toBe(100);
    expect(all[1699]).toBe(899);
    expect(all[1700]).toBe(100);
    expect(all[2999]).toBe(599);
  });

  it('cross-fades before the joint from what ends to what leads up to the start', () => {
    const loop = { startFrame: 100, endFrame: 900, fadeFrames: 50 };
    const all = readAll(createBedReader(ramp(1000), { frameCount: 2000, loop, fade: null }), 2000);
    expect(all[849]).toBe(849);
    const angle = (Math.PI / 2) * (25.5 / 50);
    expect(all[875]).toBeCloseTo(875 * Math.cos(angle) + 75 * Math.sin(angle), 1);
    expect(all[900]).toBe(100);
  });

  it.each([1, 7, 64, 1000])('gives the same frames in blocks of %i', (blockFrames) => {
    const loop = { startFrame: 100, endFrame: 500, fadeFrames: 60 };
    const timeline = { frameCount: 1800, loop, fade: { startFrame: 1500, endFrame: 1700 } };
    const whole = readAll(createBedReader(ramp(600), timeline), 1800);
    expect(readAll(createBedReader(ramp(600), timeline), blockFrames)).toEqual(whole);
    expect(whole[1700]).toBe(0);
    expect(whole[1799]).toBe(0);
  });

  it('is silent from the end of a fade on, and outside of the timeline', () => {
    const source = createBedReader(ramp(1000), {
      frameCount: 800,
      loop: null,
      fade: { startFrame: 400, endFrame: 600 },
    });
    const block = new Float32Array(900);
    source.read(-50, [block]);
    expect(block[50 + 399]).toBe(399);
    expect(block[50 + 500]).toBeCloseTo(250, 0);
    expect(block.subarray(50 + 600).every((value) => value === 0)).toBe(true);
  });
});

describe('chooseLoop', () => {
  it('takes the longest multiple of four bars', () => {
    const downbeats = Array.from({ length: 12 }, (_, bar) => 0.5 + 2 * bar);
    expect(chooseLoop(downbeats, 24 * 1000, 1000)).toEqual({
      startFrame: 500,
      endFrame: 16_500,
      fadeFrames: 20,
    });
  });

  it('takes all bars where there are fewer than four', () => {
    expect(chooseLoop([1, 3, 5], 6000, 1000)).toMatchObject({ startFrame: 1000, endFrame: 5000 });
  });

  it('repeats the whole bed with a long cross-fade where there are no bars', () => {
    expect(chooseLoop([], 10_000, 1000)).toEqual({ startFrame: 1500, endFrame: 10_000, fadeFrames: 1500 });
  });
});
