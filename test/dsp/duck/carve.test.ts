import { describe, expect, it } from 'vitest';
import { BAND_COUNT, BAND_HZ, SPREADING } from '../../../src/dsp/duck/bands.js';
import { CARVE_BLOCK_FRAMES, createCarver } from '../../../src/dsp/duck/carve-filter.js';
import { type Dips, energyLeft, planDips } from '../../../src/dsp/duck/carve-plan.js';
import { createDuckedReader } from '../../../src/dsp/duck/ducked-reader.js';
import { createListener } from '../../../src/dsp/duck/listen.js';
import type { FrameSource } from '../../../src/dsp/kernels/frame-window.js';

const RATE_HZ = 48_000;

function sourceOf(channels: readonly Float32Array[]): FrameSource {
  return {
    channelCount: channels.length,
    frameCount: channels[0]!.length,
    read(startFrame, into) {
      for (const [c, samples] of into.entries())
        for (let n = 0; n < samples.length; n++) samples[n] = channels[c]![startFrame + n] ?? 0;
    },
  };
}

function tone(hz: number, seconds: number, level: number, phase = 0): Float32Array {
  return Float32Array.from(
    { length: seconds * RATE_HZ },
    (_, n) => level * Math.sin((2 * Math.PI * hz * n) / RATE_HZ + phase),
  );
}

const bytesOf = (samples: Float32Array) =>
  Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);

const rms = (samples: Float32Array) =>
  Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);

/** One dip around one band for the whole of `seconds`. */
function flatDip(seconds: number, band: number, midDb: number, sideDb: number): Dips {
  const points = seconds * 20 + 1;
  const make = (db: number) => {
    const bytes = new Uint8Array(points * BAND_COUNT);
    for (let k = 0; k < points; k++)
      bytes.fill(10 * db, k * BAND_COUNT + band - 1, k * BAND_COUNT + band + 2);
    return bytes;
  };
  return { mid: make(midDb), side: make(sideDb) };
}

/** Bed through gains of 0 dB and the dips. */
function carve(bed: readonly Float32Array[], dips: Dips): Float32Array[] {
  const reader = createDuckedReader({
    bed: sourceOf(bed),
    plan: { firstPoint: 0, gainDb: new Float32Array(dips.mid.length / BAND_COUNT), dips },
    restShare: 0.5,
    levelDb: 0,
    sampleRateHz: RATE_HZ,
    carver: createCarver(RATE_HZ, bed.length),
  });
  const out = bed.map((samples) => new Float32Array(samples.length));
  reader.read(0, out);
  return out;
}

describe('the carve filter', () => {
  const band = 27; // 10^(27/10) Hz = 501 Hz is n = 27, seven bands above the first
  const index = band - 20;

  it('takes the dip off a tone in the middle of its band, and leaves one two octaves away', () => {
    const inBand = carve([tone(BAND_HZ[index]!, 2, 0.5)], flatDip(2, index, 6, 0))[0]!;
    const middle = inBand.subarray(RATE_HZ / 2, 1.5 * RATE_HZ);
    expect(20 * Math.log10(rms(middle) / (0.5 * Math.SQRT1_2))).toBeCloseTo(-6, 1);
    const outside = carve([tone(2000, 2, 0.5)], flatDip(2, index, 6, 0))[0]!;
    expect(rms(outside.subarray(RATE_HZ / 2, 1.5 * RATE_HZ)) / (0.5 * Math.SQRT1_2)).toBeCloseTo(1, 3);
  });

  it('carves the centre and leaves the sides, and the other way round', () => {
    const same = tone(BAND_HZ[index]!, 2, 0.5);
    const opposite = same.map((value) => -value);
    const centre = carve([same, same], flatDip(2, index, 6, 0));
    const sides = carve([same, opposite], flatDip(2, index, 6, 0));
    const part = (samples: Float32Array) =>
      rms(samples.subarray(RATE_HZ / 2, 1.5 * RATE_HZ)) / (0.5 * Math.SQRT1_2);
    expect(20 * Math.log10(part(centre[0]!))).toBeCloseTo(-6, 1);
    expect(part(sides[0]!)).toBeCloseTo(1, 3);
    expect(20 * Math.log10(part(carve([same, opposite], flatDip(2, index, 0, 6))[1]!))).toBeCloseTo(-6, 1);
  });

  it('gives the bed’s own samples where no dip is', () => {
    const bed = [tone(440, 2, 0.5), tone(660, 2, 0.3)];
    const out = carve(bed, flatDip(2, index, 0, 0));
    for (const [c, samples] of out.entries())
      expect(Buffer.compare(bytesOf(samples), bytesOf(bed[c]!))).toBe(0);
  });

  it('gives the same frames however they are asked for', () => {
    const bed = [tone(500, 2, 0.5), tone(700, 2, 0.3)];
    const dips = flatDip(2, index, 5, 2);
    const whole = carve(bed, dips);
    const reader = createDuckedReader({
      bed: sourceOf(bed),
      plan: { firstPoint: 0, gainDb: new Float32Array(41), dips },
      restShare: 0.5,
      levelDb: 0,
      sampleRateHz: RATE_HZ,
      carver: createCarver(RATE_HZ, 2),
    });
    for (const [start, frames] of [
      [0, 100],
      [12_345, 4_096],
      [CARVE_BLOCK_FRAMES - 3, 7],
      [90_000, 6_000],
    ] as const) {
      const part = [new Float32Array(frames), new Float32Array(frames)];
      reader.read(start, part);
      for (const [c, samples] of part.entries()) {
        const expected = whole[c]!.subarray(start, start + frames);
        const worst = samples.reduce((most, value, n) => Math.max(most, Math.abs(value - expected[n]!)), 0);
        expect(worst).toBe(0);
      }
    }
  });
});

describe('planDips', () => {
  const phrases = [{ first: 20, end: 60 }];
  const hear = (channels: readonly Float32Array[], isMidSide: boolean) =>
    createListener(RATE_HZ, channels.length, { isWithBands: true }).hear(sourceOf(channels), {
      startFrame: 0,
      endFrame: channels[0]!.length,
      isMidSide,
    });
  const options = { strength: 'firm', lowHz: 200, highHz: 4000, sampleRateHz: RATE_HZ } as const;
  const voice = hear([tone(501, 4, 0.2)], false);
  const gains = new Float32Array(81);

  function bandsCarved(bytes: Uint8Array): number[] {
    const found = new Set<number>();
    for (const [at, dip] of bytes.entries()) if (dip > 0) found.add(Math.round(BAND_HZ[at % BAND_COUNT]!));
    return [...found];
  }

  it('carves where a bed masks the voice, in its centre first, and only around the phrase', () => {
    const bed = hear([tone(501, 4, 0.2), tone(501, 4, 0.2)], true);
    const dips = planDips(voice, bed, gains, phrases, options, [1]);
    expect(bandsCarved(dips.mid)).toEqual([501]);
    expect(bandsCarved(dips.side)).toEqual([]);
    const at = (k: number) => dips.mid[k * BAND_COUNT + 7]!;
    expect(at(40)).toBeGreaterThan(60);
    expect(at(0)).toBeLessThan(at(20));
    expect(at(79)).toBeLessThan(at(60));
  });

  it('carves the sides where the bed lies there', () => {
    const left = tone(501, 4, 0.2);
    const bed = hear([left, left.map((value) => -value)], true);
    const dips = planDips(voice, bed, gains, phrases, options, [1]);
    expect(bandsCarved(dips.side)).toEqual([501]);
  });

  it.each([
    ['a bed in other bands', [tone(2500, 4, 0.2)], options],
    ['a bed far below the voice', [tone(501, 4, 0.002)], options],
    ['a range that leaves the band out', [tone(501, 4, 0.2)], { ...options, lowHz: 800 }],
    ['carving that is off', [tone(501, 4, 0.2)], { ...options, strength: 'off' }],
  ] as const)('leaves alone %s', (_, bed, given) => {
    const dips = planDips(voice, hear(bed, true), gains, phrases, given, [1]);
    expect(dips.mid.some((dip) => dip > 0)).toBe(false);
  });

  it('asks for less of a bed that plays lower', () => {
    const bed = hear([tone(501, 4, 0.2)], true);
    const deepest = (gainDb: number) =>
      Math.max(...planDips(voice, bed, new Float32Array(81).fill(gainDb), phrases, options, [1]).mid);
    expect(deepest(-12)).toBeLessThan(deepest(0));
    expect(deepest(-30)).toBe(0);
  });

  it('goes through a long phrase without a trace of its pieces', () => {
    const controls = 3000;
    const steady = (byte: number) => {
      const mid = new Uint8Array(controls * BAND_COUNT);
      for (let k = 0; k < controls; k++) mid[k * BAND_COUNT + 7] = byte;
      return { energies: new Float32Array(controls).fill(0.01), mid, side: new Uint8Array(mid.length) };
    };
    const phrase = [{ first: 50, end: 2950 }];
    const dips = planDips(steady(200), steady(190), new Float32Array(controls + 1), phrase, options, [1]);
    const inside = Array.from({ length: 2800 }, (_, k) => dips.mid[(100 + k) * BAND_COUNT + 7]!);
    expect(Math.min(...inside)).toBeGreaterThan(0);
    expect(Math.max(...inside)).toBe(Math.min(...inside));
  });

  it('tells what the dips leave of the bed’s energy', () => {
    const bed = hear([tone(501, 4, 0.2)], true);
    const left = energyLeft(bed, flatDip(4, 7, 6, 0), RATE_HZ);
    expect(10 * Math.log10(left[40]!)).toBeCloseTo(-6, 0);
    expect(energyLeft(bed, flatDip(4, 12, 6, 0), RATE_HZ)[40]).toBeGreaterThan(0.99);
  });
});

describe('masking between bands', () => {
  it('spreads less downwards than upwards, and fully to the band itself', () => {
    for (let band = 0; band < BAND_COUNT; band++) {
      expect(SPREADING[band]![band]).toBe(1);
      if (band > 0) expect(SPREADING[band]![band - 1]!).toBeGreaterThan(SPREADING[band - 1]![band]!);
    }
  });
});
