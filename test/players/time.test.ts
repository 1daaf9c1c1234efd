import { describe, expect, it } from 'vitest';
import type { Controls } from '../../src/players/controls.js';
import { DRIFT_MS, driftOf, feelMs, swingDelay } from '../../src/players/feel.js';
import { formatMeter, gridOf, parseMeter, positionOf } from '../../src/players/meter.js';
import { METERS } from '../../src/players/player-limits.js';
import { Random } from '../../src/players/random.js';
import { parseTempoMap, tempoMapOfBeats } from '../../src/players/tempo-map.js';

const controls = { swingPercent: 100, swingOn: 'sixteenths', feel: 0, humanize: 1, seed: 3 } as Controls;

describe('random numbers', () => {
  it('repeat by seed and stream, and differ between streams', () => {
    const draw = (seed: number, stream: string) => {
      const random = new Random(seed, stream);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
  });

  it('are uniform and normal', () => {
    const random = new Random(5, 'moments');
    const uniform = Array.from({ length: 20_000 }, () => random.next());
    const normal = Array.from({ length: 20_000 }, () => random.normal());
    expect(mean(uniform)).toBeCloseTo(0.5, 1.7);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    expect(mean(normal)).toBeCloseTo(0, 1.3);
    expect(mean(normal.map((x) => x * x))).toBeCloseTo(1, 1);
    const lag = mean(uniform.slice(1).map((x, i) => (x - 0.5) * (uniform[i]! - 0.5))) * 12;
    expect(Math.abs(lag)).toBeLessThan(0.03);
  });
});

describe('meters', () => {
  it.each([...METERS])('%s has steps that fill its bar', (name) => {
    const meter = parseMeter(name);
    const bar = gridOf(meter, false);
    expect(bar.stepCount * bar.stepQuarters).toBeCloseTo((4 * meter.numerator) / meter.denominator, 12);
    expect(formatMeter(meter)).toBe(name);
    for (let step = 0; step < bar.stepCount; step++) {
      expect(positionOf(step, bar.stepCount)).toBeGreaterThanOrEqual(0);
      expect(positionOf(step, bar.stepCount)).toBeLessThan(16);
    }
  });

  it('refuses what no one plays', () => {
    expect(() => parseMeter('11/16')).toThrow(/expected one of/);
  });
});

describe('tempo maps', () => {
  it('convert both ways over changes', () => {
    const map = parseTempoMap('1:120 3:60 5:240', 4, 1);
    expect(map.toSec(8)).toBeCloseTo(4, 12);
    expect(map.toSec(16)).toBeCloseTo(12, 12);
    expect(map.toSec(18)).toBeCloseTo(12.5, 12);
    for (const quarter of [-2, 0, 3.3, 8, 15.9, 16, 40]) {
      expect(map.toQuarter(map.toSec(quarter))).toBeCloseTo(quarter, 9);
    }
  });

  it('go through beats that were found', () => {
    const map = tempoMapOfBeats([0.4, 0.9, 1.41, 1.9, 2.4], 1, 1);
    [0.9, 1.41, 1.9, 2.4].forEach((sec, beat) => {
      expect(map.toSec(beat)).toBeCloseTo(sec, 9);
    });
  });

  it.each(['39', '241', '', '5:120', '1:120 1:130', 'fast'])('refuse "%s"', (text) => {
    expect(() => parseTempoMap(text, 4, 1)).toThrow(/for the tempo/);
  });
});

describe('feel', () => {
  it('delays off-beats by a third of a sixteenth at most', () => {
    const bar = gridOf(parseMeter('4/4'), false);
    for (const swingOn of ['eighths', 'sixteenths'] as const) {
      const delays = Array.from({ length: 16 }, (_, step) => swingDelay(step, bar, { ...controls, swingOn }));
      expect(Math.max(...delays)).toBeCloseTo(1 / 3, 12);
      expect(delays.filter((_, step) => step % 4 === 0)).toEqual([0, 0, 0, 0]);
      // Steps stay in order.
      delays.slice(1).forEach((delay, i) => {
        expect(delay + 1).toBeGreaterThan(delays[i]!);
      });
    }
    expect(swingDelay(1, gridOf(parseMeter('4/4'), true), controls)).toBe(0);
  });

  it('pushes early and pulls late', () => {
    expect(feelMs({ ...controls, feel: 0.5 })).toBeLessThan(0);
    expect(feelMs({ ...controls, feel: -0.5 })).toBeGreaterThan(0);
  });

  it('wanders with a correlation of 0.37 within its bounds, and not at all at humanize 0', () => {
    const { timeMs } = driftOf(20_000, controls);
    const series = [...timeMs];
    const power = mean(series.map((x) => x * x));
    const lag = mean(series.slice(1).map((x, i) => x * series[i]!)) / power;
    expect(lag).toBeGreaterThan(0.34);
    expect(lag).toBeLessThan(0.4);
    expect(Math.max(...series.map(Math.abs))).toBeLessThanOrEqual(DRIFT_MS);
    expect(Math.max(...driftOf(100, { ...controls, humanize: 0 }).timeMs.map(Math.abs))).toBe(0);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
