import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createResampledReader,
  type FrameSource,
  resampleBlock,
  resampledFrameCount,
} from '../../src/dsp/resample.js';

/** A source whose samples are a function of the frame. */
function sourceOf(
  sampleRateHz: number,
  frameCount: number,
  ...channels: ((frame: number) => number)[]
): FrameSource {
  return {
    sampleRateHz,
    channelCount: channels.length,
    frameCount,
    read(startFrame, into) {
      for (let channel = 0; channel < channels.length; channel++) {
        const samples = into[channel]!;
        for (let i = 0; i < samples.length; i++) {
          const frame = startFrame + i;
          samples[i] = frame < 0 || frame >= frameCount ? 0 : channels[channel]!(frame);
        }
      }
    },
    close() {},
  };
}

function sine(frequencyHz: number, sampleRateHz: number, phaseRad = 0.3): (frame: number) => number {
  return (frame) => Math.sin((2 * Math.PI * frequencyHz * frame) / sampleRateHz + phaseRad);
}

/** The middle of a resampled sine, clear of the filter's settling at both ends. */
function convert(frequencyHz: number, fromHz: number, toHz: number): Float64Array {
  const reader = createResampledReader(sourceOf(fromHz, fromHz, sine(frequencyHz, fromHz)), toHz);
  const samples = new Float64Array(Math.floor(toHz / 2));
  reader.read(Math.floor(toHz / 4), [samples]);
  return samples;
}

/** Gain of the sine in dB, and what is left beside it in dB against the input's level (least squares, exact frequency). */
function fitSine(samples: Float64Array, frequencyHz: number, sampleRateHz: number, startFrame: number) {
  const w = (2 * Math.PI * frequencyHz) / sampleRateHz;
  let ss = 0;
  let cc = 0;
  let sc = 0;
  let xs = 0;
  let xc = 0;
  for (let i = 0; i < samples.length; i++) {
    const s = Math.sin(w * (startFrame + i));
    const c = Math.cos(w * (startFrame + i));
    ss += s * s;
    cc += c * c;
    sc += s * c;
    xs += samples[i]! * s;
    xc += samples[i]! * c;
  }
  const determinant = ss * cc - sc * sc;
  const a = (xs * cc - xc * sc) / determinant;
  const b = (xc * ss - xs * sc) / determinant;
  let residual = 0;
  for (let i = 0; i < samples.length; i++) {
    const w0 = w * (startFrame + i);
    residual += (samples[i]! - a * Math.sin(w0) - b * Math.cos(w0)) ** 2;
  }
  return {
    gainDb: 20 * Math.log10(Math.hypot(a, b)),
    phaseRad: Math.atan2(b, a),
    residualDb: 10 * Math.log10(residual / samples.length / 0.5),
  };
}

const PAIRS: readonly (readonly [number, number])[] = [
  [44_100, 48_000],
  [48_000, 44_100],
  [44_100, 22_050],
  [22_050, 44_100],
  [96_000, 48_000],
  [48_000, 96_000],
  [192_000, 44_100],
  [8_000, 48_000],
  [48_000, 8_000],
  [44_101, 48_000],
  [48_000, 44_099],
  [11_025, 191_999],
];

describe('resample: pass band', () => {
  it.each(PAIRS)(
    '%i → %i Hz is flat to ±0.001 dB up to 0.907 of the lower Nyquist, with no delay',
    (from, to) => {
      const nyquistHz = Math.min(from, to) / 2;
      for (const ratio of [0.001, 0.1, 0.3, 0.5, 0.7, 0.85, 0.9, 0.907]) {
        const frequencyHz = Math.round(nyquistHz * ratio * 10) / 10 + 0.37;
        const { gainDb, phaseRad, residualDb } = fitSine(
          convert(frequencyHz, from, to),
          frequencyHz,
          to,
          Math.floor(to / 4),
        );
        expect(Math.abs(gainDb), `${frequencyHz} Hz`).toBeLessThan(0.001);
        expect(Math.abs(phaseRad - 0.3), `${frequencyHz} Hz`).toBeLessThan(1e-5);
        expect(residualDb, `images and noise beside ${frequencyHz} Hz`).toBeLessThan(-110);
      }
    },
  );

  it('is flat to ±0.01 dB at 20 kHz from 44.1 to 48 kHz', () => {
    const { gainDb } = fitSine(convert(20_000, 44_100, 48_000), 20_000, 48_000, 12_000);
    expect(Math.abs(gainDb)).toBeLessThan(0.01);
  });

  it('leaves a constant at its value in every phase', () => {
    const reader = createResampledReader(
      sourceOf(44_100, 44_100, () => 0.25),
      48_000,
    );
    const samples = new Float64Array(4_000);
    reader.read(20_000, [samples]);
    for (const sample of samples) expect(Math.abs(sample - 0.25)).toBeLessThan(1e-14);
  });
});

describe('resample: stop band', () => {
  it.each([
    [48_000, 44_100],
    [44_100, 22_050],
    [96_000, 48_000],
    [192_000, 44_100],
    [48_000, 8_000],
    [48_000, 44_099],
  ])('%i → %i Hz keeps every alias 110 dB down', (from, to) => {
    for (const ratio of [1.0, 1.003, 1.02, 1.07, 1.3, 1.9]) {
      const frequencyHz = (to / 2) * ratio + 0.3;
      if (frequencyHz >= from / 2) continue;
      const samples = convert(frequencyHz, from, to);
      let power = 0;
      for (const sample of samples) power += sample * sample;
      expect(10 * Math.log10(power / samples.length / 0.5), `${frequencyHz} Hz`).toBeLessThan(-110);
    }
  });

  it('keeps the images of 44.1 → 48 kHz 110 dB down up to the last hertz', () => {
    // Above 20 kHz the gain falls; whatever is left beside the sine itself is an image.
    for (const frequencyHz of [20_500, 21_000, 21_500, 21_900, 22_040]) {
      const { residualDb } = fitSine(convert(frequencyHz, 44_100, 48_000), frequencyHz, 48_000, 12_000);
      expect(residualDb, `${frequencyHz} Hz`).toBeLessThan(-110);
    }
  });
});

describe('resample: position and length', () => {
  it('puts an impulse where it belongs', () => {
    for (const [from, to] of PAIRS) {
      const at = Math.round(from / 4);
      const reader = createResampledReader(
        sourceOf(from, from, (frame) => (frame === at ? 1 : 0)),
        to,
      );
      const samples = new Float64Array(reader.frameCount);
      reader.read(0, [samples]);
      let weighted = 0;
      let energy = 0;
      for (let i = 0; i < samples.length; i++) {
        weighted += i * samples[i]! ** 2;
        energy += samples[i]! ** 2;
      }
      expect(Math.abs(weighted / energy - (at * to) / from), `${from} → ${to}`).toBeLessThan(0.01);
    }
  });

  it('gives ceil(frames · to / from) frames', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2_000_000_000 }),
        fc.integer({ min: 8_000, max: 192_000 }),
        fc.integer({ min: 8_000, max: 192_000 }),
        (frames, from, to) => {
          const exact = (BigInt(frames) * BigInt(to) + BigInt(from) - 1n) / BigInt(from);
          expect(resampledFrameCount(frames, from, to)).toBe(Number(exact));
        },
      ),
    );
    expect(resampleBlock([new Float32Array(1)], 44_100, 48_000)[0]).toHaveLength(2);
    expect(resampleBlock([new Float32Array(0)], 44_100, 48_000)[0]).toHaveLength(0);
  });

  it('gives the same bytes for any cut into ranges', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PAIRS),
        fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1, maxLength: 5 }),
        (pair, lengths) => {
          const [from, to] = pair;
          const noise = (frame: number) => ((Math.imul(frame + 1, 0x9e3779b1) >>> 8) / 2 ** 23 - 1) * 0.9;
          const make = () => createResampledReader(sourceOf(from, 9_001, noise, sine(777, from)), to);
          const total = lengths.reduce((sum, length) => sum + length, 0);
          const whole = [new Float32Array(total), new Float32Array(total)];
          make().read(-10, whole);
          const cut = [new Float32Array(total), new Float32Array(total)];
          const ends = lengths.map((_, i) =>
            lengths.slice(0, i + 1).reduce((sum, length) => sum + length, 0),
          );
          const reader = make();
          for (let i = lengths.length - 1; i >= 0; i--) {
            const start = ends[i]! - lengths[i]!;
            reader.read(
              start - 10,
              cut.map((samples) => samples.subarray(start, ends[i]!)),
            );
          }
          expect(cut).toEqual(whole);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('reads zeros before the start and after the end', () => {
    const reader = createResampledReader(
      sourceOf(8_000, 100, () => 1),
      16_000,
    );
    const samples = new Float32Array(300).fill(7);
    reader.read(-50, [samples]);
    expect(samples.subarray(0, 50).every((sample) => sample === 0)).toBe(true);
    expect(samples.subarray(250).every((sample) => sample === 0)).toBe(true);
    expect(samples[150]).toBeCloseTo(1, 3);
    reader.read(1_000, [samples]);
    expect(samples.every((sample) => sample === 0)).toBe(true);
  });
});

describe('resample: there and back', () => {
  it.each([
    [44_100, 48_000],
    [44_100, 96_000],
    [48_000, 44_100],
    [22_050, 44_101],
  ])('%i → %i → back keeps band-limited audio to −105 dB', (from, middle) => {
    const limitHz = Math.min(from, middle) * 0.45;
    const parts = [0.011, 0.13, 0.37, 0.71, 0.99].map((ratio, i) => sine(limitHz * ratio, from, i));
    const original = Float32Array.from(
      { length: from },
      (_, frame) => parts.reduce((sum, part) => sum + part(frame), 0) / 5,
    );
    const back = resampleBlock(resampleBlock([original], from, middle), middle, from)[0]!;
    let error = 0;
    let power = 0;
    for (let i = 2_000; i < from - 2_000; i++) {
      error += (back[i]! - original[i]!) ** 2;
      power += original[i]! ** 2;
    }
    expect(10 * Math.log10(error / power)).toBeLessThan(-105);
  });

  it('gives the reader itself where the rate is the same', () => {
    const source = sourceOf(48_000, 10, () => 1);
    expect(createResampledReader(source, 48_000)).toBe(source);
  });
});
