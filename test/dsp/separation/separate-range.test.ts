// The separator on signals whose place is known: sums, ranges, channels, lengths, rates, seams.
import { describe, expect, it } from 'vitest';
import { centreShareOf, sumCentre } from '../../../src/dsp/separation/centre-share.js';
import { createRangeSeparator, STEM_NAMES, type Stems } from '../../../src/dsp/separation/separate-range.js';

function readerOf(channels: readonly Float32Array[]) {
  return (start: number, into: readonly Float32Array[]) => {
    for (const [channel, samples] of into.entries())
      for (let i = 0; i < samples.length; i++) samples[i] = channels[channel]![start + i] ?? 0;
  };
}

function separate(channels: readonly Float32Array[], rateHz: number, cuts: readonly number[] = []): Stems {
  const frameCount = channels[0]!.length;
  const separator = createRangeSeparator(rateHz);
  const shape = { channelCount: channels.length, frameCount };
  const centreShare = centreShareOf([sumCentre(separator.grid, readerOf(channels), shape, 0, frameCount)]);
  const song = { ...shape, centreShare };
  const whole = Object.fromEntries(
    STEM_NAMES.map((name) => [name, channels.map(() => new Float32Array(frameCount))]),
  ) as unknown as Record<(typeof STEM_NAMES)[number], Float32Array[]>;
  const borders = [0, ...cuts, frameCount];
  for (let k = 0; k + 1 < borders.length; k++) {
    const stems = separator.separate(readerOf(channels), song, borders[k]!, borders[k + 1]!);
    for (const name of STEM_NAMES)
      for (const [channel, samples] of stems[name].entries()) whole[name][channel]!.set(samples, borders[k]!);
  }
  return whole;
}

function noise(frames: number, seed: number, gain = 0.1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: frames }, () => {
    state = (state * 48271) % 2147483647;
    return gain * ((2 * state) / 2147483647 - 1);
  });
}

function sine(frames: number, rateHz: number, hz: number, gain = 0.2): Float32Array {
  return Float32Array.from({ length: frames }, (_, i) => gain * Math.sin((2 * Math.PI * hz * i) / rateHz));
}

function add(...signals: Float32Array[]): Float32Array {
  return signals[0]!.map((_, i) => signals.reduce((sum, samples) => sum + samples[i]!, 0));
}

function energy(channels: readonly Float32Array[]): number {
  return channels.reduce(
    (sum, samples) => samples.reduce((total, sample) => total + sample * sample, sum),
    0,
  );
}

function nullDb(channels: readonly Float32Array[], stems: Stems): number {
  const rest = channels.map((samples, channel) =>
    samples.map((sample, i) => STEM_NAMES.reduce((left, name) => left - stems[name][channel]![i]!, sample)),
  );
  return 10 * Math.log10(energy(rest) / energy(channels) + 1e-30);
}

const RATE_HZ = 22050;

/** Share of a stem in the energy of all, by stem. */
function shareOf(stems: Stems, name: (typeof STEM_NAMES)[number]): number {
  const total = STEM_NAMES.reduce((sum, one) => sum + energy(stems[one]), 0);
  return energy(stems[name]) / total;
}

describe('createRangeSeparator', () => {
  it.each([1, 2, 17, 1000, 5000])('gives finite stems that null, for %i frames', (frames) => {
    const channels = [noise(frames, 1), noise(frames, 2)];
    const stems = separate(channels, RATE_HZ);
    for (const name of STEM_NAMES)
      expect(
        stems[name].every((samples) => samples.every(Number.isFinite)),
        name,
      ).toBe(true);
    expect(nullDb(channels, stems)).toBeLessThan(-120);
  });

  it.each([8000, 44100, 48000, 96000])('nulls at %i Hz', (rateHz) => {
    const channels = [noise(rateHz, 3), noise(rateHz, 4)];
    expect(nullDb(channels, separate(channels, rateHz))).toBeLessThan(-120);
  });

  it.each([1, 3, 6])('takes %i channels; those beyond the second go to other', (count) => {
    const channels = Array.from({ length: count }, (_, k) => noise(RATE_HZ / 2, 10 + k));
    const stems = separate(channels, RATE_HZ);
    expect(nullDb(channels, stems)).toBeLessThan(-120);
    for (let channel = 2; channel < count; channel++) {
      expect(stems.other[channel]).toEqual(channels[channel]);
      expect(energy([stems.vocals[channel]!])).toBe(0);
    }
  });

  it('gives the same bytes wherever ranges are cut', () => {
    const frames = 2 * RATE_HZ;
    const channels = [add(noise(frames, 5), sine(frames, RATE_HZ, 330)), noise(frames, 6)];
    const whole = separate(channels, RATE_HZ);
    const cut = separate(channels, RATE_HZ, [1, 5000, 5001, 31234]);
    for (const name of STEM_NAMES) expect(cut[name]).toEqual(whole[name]);
  });

  it('leaves no step at the border of ranges: a sine stays smooth in every stem', () => {
    const frames = 3 * RATE_HZ;
    const channels = [sine(frames, RATE_HZ, 440), sine(frames, RATE_HZ, 440)];
    const border = 33333;
    const stems = separate(channels, RATE_HZ, [border]);
    for (const name of STEM_NAMES) {
      const samples = stems[name][0]!;
      let slew = 0;
      for (let i = border - 2000; i < border + 2000; i++) {
        if (Math.abs(i - border) > 2) slew = Math.max(slew, Math.abs(samples[i]! - samples[i - 1]!));
      }
      expect(Math.abs(samples[border]! - samples[border - 1]!)).toBeLessThanOrEqual(slew * 1.01 + 1e-7);
    }
  });

  it('puts clicks into drums, a low tone into bass, a wide chord into other', () => {
    const frames = 4 * RATE_HZ;
    const silence = new Float32Array(frames);
    const clicks = silence.map((_, i) => (i % (RATE_HZ / 2) < 20 ? (i % 2 === 0 ? 0.5 : -0.5) : 0));
    expect(shareOf(separate([clicks, clicks], RATE_HZ), 'drums')).toBeGreaterThan(0.8);
    const low = sine(frames, RATE_HZ, 65);
    expect(shareOf(separate([low, low], RATE_HZ), 'bass')).toBeGreaterThan(0.9);
    const left = add(sine(frames, RATE_HZ, 523), sine(frames, RATE_HZ, 659));
    const right = add(sine(frames, RATE_HZ, 784), sine(frames, RATE_HZ, 988));
    expect(shareOf(separate([left, right], RATE_HZ), 'other')).toBeGreaterThan(0.9);
  });

  it('puts a centred tone that moves in pitch into vocals', () => {
    const frames = 4 * RATE_HZ;
    let phase = 0;
    const voice = Float32Array.from({ length: frames }, (_, i) => {
      const hz = 330 * 2 ** ((2 * Math.sin((2 * Math.PI * 0.4 * i) / RATE_HZ)) / 12);
      phase += (2 * Math.PI * hz) / RATE_HZ;
      let sum = 0;
      for (let k = 1; k <= 8; k++) sum += Math.sin(k * phase) / k;
      return 0.1 * sum;
    });
    const stems = separate([voice, voice], RATE_HZ);
    for (const name of ['bass', 'other'] as const)
      expect(energy(stems.vocals)).toBeGreaterThan(2 * energy(stems[name]));
  });

  it('keeps silence silent', () => {
    const silence = [new Float32Array(9000), new Float32Array(9000)];
    const stems = separate(silence, RATE_HZ);
    for (const name of STEM_NAMES) expect(energy(stems[name])).toBe(0);
  });
});
