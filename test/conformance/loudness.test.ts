// Signals of EBU Tech 3341 and 3342, made from their definitions, and the tolerances that those documents give.
import { describe, expect, it } from 'vitest';
import { channelWeights } from '../../src/dsp/loudness/channel-weights.js';
import { measureRange } from '../../src/dsp/loudness/measure-range.js';
import { joinParts, loudnessFigures, loudnessHistory } from '../../src/dsp/loudness/programme.js';
import { sourceOf } from '../dsp/signals.js';

const RATE_HZ = 48_000;
const LOUDNESS_TOLERANCE_LU = 0.1;

/** Sections of a 1 kHz sine: level in dBFS (−Infinity for silence) and duration in seconds. */
type Sections = readonly (readonly [levelDbfs: number, durationSec: number])[];

function tone(sections: Sections, sampleRateHz = RATE_HZ, frequencyHz = 1000): Float32Array {
  const lengths = sections.map(([, durationSec]) => Math.round(durationSec * sampleRateHz));
  const out = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const [index, [levelDbfs]] of sections.entries()) {
    const amplitude = 10 ** (levelDbfs / 20);
    for (let i = 0; i < lengths[index]!; i++, at++) {
      out[at] = amplitude * Math.sin((2 * Math.PI * frequencyHz * at) / sampleRateHz);
    }
  }
  return out;
}

function measure(channels: readonly Float32Array[], sampleRateHz = RATE_HZ) {
  const source = sourceOf(channels);
  const weights = channelWeights(channels.length);
  const step = 7 * sampleRateHz;
  const parts = [];
  for (let startFrame = 0; startFrame < source.frameCount; startFrame += step) {
    const endFrame = Math.min(startFrame + step, source.frameCount);
    parts.push(measureRange(source, { sampleRateHz, weights, startFrame, endFrame }));
  }
  const programme = joinParts(parts);
  return { ...loudnessFigures(programme, sampleRateHz), history: loudnessHistory(programme, sampleRateHz) };
}

function stereo(sections: Sections, sampleRateHz = RATE_HZ, frequencyHz = 1000) {
  const channel = tone(sections, sampleRateHz, frequencyHz);
  return measure([channel, channel], sampleRateHz);
}

function expectLoudness(actual: number | null, expected: number): void {
  expect(actual).not.toBeNull();
  expect(Math.abs(actual! - expected)).toBeLessThanOrEqual(LOUDNESS_TOLERANCE_LU);
}

const indices = Array.from({ length: 20 }, (_, i) => i);
const silence = Number.NEGATIVE_INFINITY;

describe('EBU Tech 3341, integrated loudness', () => {
  it.each([
    ['1', -23],
    ['2', -33],
  ])('case %s: M, S and I of a steady tone', (_, level) => {
    const figures = stereo([[level, 20]]);
    expectLoudness(figures.integratedLufs, level);
    expectLoudness(figures.momentaryMaxLufs, level);
    expectLoudness(figures.shortTermMaxLufs, level);
  });

  const CASE_3: Sections = [
    [-36, 10],
    [-23, 60],
    [-36, 10],
  ];
  it.each<[string, Sections]>([
    ['3', CASE_3],
    ['4', [[-72, 10], ...CASE_3, [-72, 10]]],
    [
      '5',
      [
        [-26, 20],
        [-20, 20.1],
        [-26, 20],
      ],
    ],
  ])('case %s: gating', (_, sections) => {
    expectLoudness(stereo(sections).integratedLufs, -23);
  });

  it('case 6: 5.0', () => {
    const levels = [-28, -28, -24, -30, -30];
    expectLoudness(measure(levels.map((level) => tone([[level, 20]]))).integratedLufs, -23);
  });
});

describe('EBU Tech 3341, short-term and momentary loudness', () => {
  it('case 9: short-term is steady over a cycle of 3 s', () => {
    const cycle: Sections = [
      [-20, 1.34],
      [-30, 1.66],
    ];
    const { history } = stereo([...cycle, ...cycle, ...cycle, ...cycle, ...cycle]);
    for (const value of history.shortTermLufs.slice(29)) expectLoudness(value, -23);
  });

  it.each(indices)('case 10, offset %i × 0.15 s: loudest short-term', (i) => {
    const figures = stereo([
      [silence, i * 0.15],
      [-23, 3],
      [silence, 1],
    ]);
    expectLoudness(figures.shortTermMaxLufs, -23);
  });

  it('case 11: loudest short-term of rising tones, each on its own', () => {
    for (const i of indices) {
      const figures = stereo([
        [silence, i * 0.15],
        [-38 + i, 3],
        [silence, 3 - i * 0.15],
      ]);
      expectLoudness(figures.shortTermMaxLufs, -38 + i);
    }
  });

  it('case 12: momentary is steady over a cycle of 400 ms', () => {
    const cycle: Sections = [
      [-20, 0.18],
      [-30, 0.22],
    ];
    const { history } = stereo(Array.from({ length: 25 }, () => cycle).flat());
    for (const value of history.momentaryLufs.slice(9)) expectLoudness(value, -23);
  });

  it.each(indices)('case 13, offset %i × 20 ms: loudest momentary', (i) => {
    const figures = stereo([
      [silence, i * 0.02],
      [-23, 0.4],
      [silence, 1],
    ]);
    expectLoudness(figures.momentaryMaxLufs, -23);
  });

  it('case 14: loudest momentary of rising tones, each on its own', () => {
    for (const i of indices) {
      const figures = stereo([
        [silence, i * 0.02],
        [-38 + i, 0.4],
        [silence, 0.4 - i * 0.02],
      ]);
      expectLoudness(figures.momentaryMaxLufs, -38 + i);
    }
  });
});

describe('EBU Tech 3341, true peak', () => {
  function expectPeak(actual: number | null, expected: number): void {
    expect(actual! - expected).toBeLessThanOrEqual(0.2);
    expect(actual! - expected).toBeGreaterThanOrEqual(-0.4);
  }

  function fadedSine(amplitude: number, periodFrames: number, phaseDeg: number): Float32Array {
    const frames = RATE_HZ / 2;
    return Float32Array.from({ length: frames }, (_, i) => {
      const fade = Math.min(1, i / 2400, (frames - 1 - i) / 2400);
      return fade * amplitude * Math.sin((2 * Math.PI * i) / periodFrames + (phaseDeg * Math.PI) / 180);
    });
  }

  it.each([
    ['15', 0.5, 4, 0, -6],
    ['16', 0.5, 4, 45, -6],
    ['17', 0.5, 6, 60, -6],
    ['18', 0.5, 8, 67.5, -6],
    ['19', 1.41, 4, 45, 3],
  ])('case %s: a sine between its samples', (_, amplitude, period, phaseDeg, expected) => {
    expectPeak(measure([fadedSine(amplitude, period, phaseDeg)]).truePeakDbtp, expected);
  });

  it.each([0, 1, 2, 3])(
    'case 20 to 23: a peak of 0 dBTP at fourfold rate, decimated at offset %i',
    (offset) => {
      // A sine of fs/6 at 0.5 with one cycle at 1.0, made at 192 kHz and band-limited to 20 kHz, as a
      // decimator does.
      const fine = Float64Array.from({ length: 4 * 2400 }, (_, i) => {
        const distance = Math.abs(i - 4800);
        const amplitude = distance < 12 ? 1 : 0.5;
        return amplitude * Math.cos((2 * Math.PI * (i - 4800)) / 24);
      });
      const half = 128;
      const low = fine.map((_, n) => {
        let sum = 0;
        for (let k = -half; k <= half; k++) {
          const t = (k / 4) * (20 / 24);
          const sinc = k === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
          sum += (fine[n - k] ?? 0) * sinc * (0.5 + 0.5 * Math.cos((Math.PI * k) / half)) * 0.25;
        }
        return sum;
      });
      const top = low.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
      const samples = Float32Array.from({ length: 2400 }, (_, i) => low[4 * i + offset]! / top);
      expectPeak(measure([samples]).truePeakDbtp, 0);
    },
  );
});

describe('EBU Tech 3342, loudness range', () => {
  it.each<[string, Sections, number]>([
    [
      '1',
      [
        [-20, 20],
        [-30, 20],
      ],
      10,
    ],
    [
      '2',
      [
        [-20, 20],
        [-15, 20],
      ],
      5,
    ],
    [
      '3',
      [
        [-40, 20],
        [-20, 20],
      ],
      20,
    ],
    [
      '4',
      [
        [-50, 20],
        [-35, 20],
        [-20, 20],
        [-35, 20],
        [-50, 20],
      ],
      15,
    ],
  ])('case %s', (_, sections, expected) => {
    expect(Math.abs(stereo(sections).loudnessRangeLu! - expected)).toBeLessThanOrEqual(1);
  });
});

describe('anchors', () => {
  it('997 Hz at 0 dBFS in one channel is −3.01 LUFS', () => {
    expect(measure([tone([[0, 5]], RATE_HZ, 997)]).integratedLufs).toBeCloseTo(-3.01, 2);
  });

  it.each([
    [25, -34.084],
    [100, -24.825],
    [500, -23.649],
    [997, -23.0],
    [2000, -20.62],
    [10_000, -19.649],
  ])('stereo at −23 dBFS, %i Hz', (frequencyHz, expected) => {
    expect(stereo([[-23, 10]], RATE_HZ, frequencyHz).integratedLufs).toBeCloseTo(expected, 2);
  });

  it.each([8_000, 11_025, 22_050, 32_000, 44_100, 88_200, 96_000, 192_000])(
    '1 kHz reads the same at %i Hz',
    (rate) => {
      expect(stereo([[-23, 5]], rate).integratedLufs).toBeCloseTo(stereo([[-23, 5]]).integratedLufs!, 1);
    },
  );
});
