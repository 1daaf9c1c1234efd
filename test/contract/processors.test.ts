// What every processor promises (src/dsp/processor.ts), over all that are registered.
import { describe, expect, it } from 'vitest';
import { PROCESSORS } from '../../src/dsp/registry.js';
import { noise, sine } from '../dsp/signals.js';

/** Settings under which a device does something, and settings of its defaults. */
const SETTINGS: Readonly<Record<string, object>> = {
  subsonic: { cutoffHz: 40 },
  'fir-equaliser': {
    points: [
      { frequencyHz: 100, gainDb: 4 },
      { frequencyHz: 3000, gainDb: -5 },
    ],
  },
  multiband: {
    bands: [3, 2, 4, 1.5].map((ratio) => ({ thresholdDbfs: -30, ratio, transientDb: 3, makeupDb: 2 })),
  },
  'de-esser': { thresholdDbfs: -40, maxReductionDb: 12 },
  saturator: { driveDb: 9, evenPercent: 30 },
  'stereo-width': { widthsPercent: [0, 80, 120, 160] },
  'bleed-gate': { thresholdDb: 3, rangeDb: 24, holdMs: 0, releaseMs: 5 },
  limiter: { inputGainDb: 9, ceilingDb: -2 },
};

const RATES_HZ = [8_000, 11_025, 44_100, 48_000, 96_000, 192_000];
const CHANNEL_COUNTS = [1, 2, 3, 8];

describe.each(PROCESSORS.map((processor) => [processor.id, processor] as const))('%s', (id, processor) => {
  const settings = processor.options.parse(SETTINGS[id] ?? {});
  const create = (rateHz = 48_000, channelCount = 2) => processor.create(settings, rateHz, channelCount);

  function run(
    channels: readonly Float32Array[],
    blocks: readonly number[],
    rateHz = 48_000,
  ): Float32Array[] {
    const device = create(rateHz, channels.length);
    const out = channels.map((samples) => samples.slice());
    let at = 0;
    for (let i = 0; at < out[0]!.length; i++) {
      const frames = blocks[i % blocks.length]!;
      device.process(out.map((samples) => samples.subarray(at, at + frames)));
      at += frames;
    }
    const tail = channels.map(() => new Float32Array(device.latencyFrames));
    device.flush(tail);
    return out.map((samples, channel) => {
      const whole = new Float32Array(samples.length + device.latencyFrames);
      whole.set(samples);
      whole.set(tail[channel]!, samples.length);
      return whole;
    });
  }

  it('has a setting here under which it works', () => {
    expect(SETTINGS[id]).toBeDefined();
    const music = [noise(40_000, 1, 0.7), noise(40_000, 2, 0.7)];
    const out = run(music, [4096]);
    const { latencyFrames } = create();
    let change = 0;
    for (let i = 0; i < 40_000; i++)
      change = Math.max(change, Math.abs(out[0]![i + latencyFrames]! - music[0]![i]!));
    expect(change).toBeGreaterThan(1e-3);
  });

  it.each(RATES_HZ)('takes %i Hz, mono to 7.1, and lengths of 0, 1 and 17', (rateHz) => {
    for (const channelCount of CHANNEL_COUNTS) {
      for (const frames of [0, 1, 17]) {
        const channels = Array.from({ length: channelCount }, (_, c) => noise(frames, c + 1));
        const out = run(channels, [Math.max(1, frames)], rateHz);
        expect(out).toHaveLength(channelCount);
        for (const samples of out) expect(samples.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('gives silence for silence', () => {
    for (const samples of run([new Float32Array(9000), new Float32Array(9000)], [1024])) {
      expect(samples.every((value) => Math.abs(value) < 1e-12)).toBe(true);
    }
  });

  it('stays finite and bounded for an impulse and for full scale', () => {
    const impulse = new Float32Array(9000);
    impulse[100] = 1;
    const square = sine(9000, 100, 48_000).map(Math.sign);
    for (const signal of [impulse, square]) {
      for (const samples of run([signal, signal.map((x) => -x)], [512])) {
        expect(samples.every((value) => Math.abs(value) < 10)).toBe(true);
      }
    }
  });

  it('says by latencyFrames where an impulse goes', () => {
    const impulse = new Float32Array(60_000);
    impulse[20_000] = 0.01;
    const out = run([impulse, impulse], [777])[0]!;
    const top = out.reduce((best, value, i) => (Math.abs(value) > Math.abs(out[best]!) ? i : best), 0);
    expect(Math.abs(top - 20_000 - create().latencyFrames)).toBeLessThanOrEqual(2);
  });

  it('gives the same bytes for any cut into blocks', () => {
    const channels = [noise(12_000, 1, 0.9), noise(12_000, 2, 0.9)];
    const whole = run(channels, [12_000]);
    for (const blocks of [[1, 2, 3, 5, 8, 13, 0, 21, 377], [64], [1000, 7], [4096]]) {
      expect(run(channels, blocks)).toEqual(whole);
    }
  });

  it('goes on from a saved state with the same bytes', () => {
    const channels = [noise(16_000, 3, 0.9), noise(16_000, 4, 0.9)];
    const first = create();
    first.process(channels.map((samples) => samples.slice(0, 7001)));
    const state = structuredClone(first.saveState());
    const rest = (device: ReturnType<typeof create>) => {
      const block = channels.map((samples) => samples.slice(7001));
      device.process(block);
      return block;
    };
    const second = create();
    second.loadState(state);
    expect(rest(second)).toEqual(rest(first));
  });

  it('refuses options that it does not know', () => {
    expect(() => processor.options.parse({ nonsense: 1 })).toThrow();
  });
});
