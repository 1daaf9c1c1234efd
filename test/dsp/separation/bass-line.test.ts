// The tracked bass line on tones whose fundamentals are known, and the refinement of masks by their neighbours.
import { describe, expect, it } from 'vitest';
import { BASS_LINE_REACH, trackBassLine } from '../../../src/dsp/separation/bass-line.js';
import { type Cues, measureCues } from '../../../src/dsp/separation/cues.js';
import { createFrameGrid } from '../../../src/dsp/separation/frame-grid.js';
import { createMaskSmoother } from '../../../src/dsp/separation/mask-smoother.js';
import { createFrameMasks } from '../../../src/dsp/separation/masks.js';
import { createPairStft } from '../../../src/dsp/separation/pair-stft.js';
import { measureSpectrogram } from '../../../src/dsp/separation/spectrogram.js';

const RATE_HZ = 22_050;
const grid = createFrameGrid(RATE_HZ);

/** Cues of a few frames from the middle of two seconds. */
function cuesOf(signal: (t: number) => number): Cues {
  const frames = 4 * RATE_HZ;
  const samples = Float32Array.from({ length: frames }, (_, i) => signal(i / RATE_HZ));
  const middle = Math.round(frames / 2 / grid.hopFrames);
  const [first, last] = [middle - BASS_LINE_REACH, middle + BASS_LINE_REACH];
  const stft = createPairStft(grid.fftSize, grid.hopFrames);
  const [firstHeld, lastHeld] = [first - grid.marginFrames, last + grid.marginFrames];
  const spectrogram = measureSpectrogram(grid, stft, [samples, samples], 0, frames, firstHeld, lastHeld);
  return measureCues(grid, spectrogram, first, last);
}

/** Share of the cell at a frequency in the middle frame. */
function shareAt(cues: Cues, hz: number): number {
  return trackBassLine(grid, cues).shareOf(BASS_LINE_REACH)[Math.round(hz / grid.hzPerBin)]!;
}

/** A tone with harmonics that fall off by half. */
function bass(hz: number, harmonics = 8) {
  return (t: number) => {
    let sum = 0;
    for (let k = 1; k <= harmonics; k++) sum += 0.3 * 0.5 ** (k - 1) * Math.sin(2 * Math.PI * k * hz * t);
    return sum;
  };
}

describe('trackBassLine', () => {
  it.each([55, 73.4, 110])('holds the harmonics of a bass note of %f Hz, well above a low-pass', (hz) => {
    const cues = cuesOf(bass(hz));
    for (const harmonic of [1, 2, 3, 4, 5]) expect(shareAt(cues, harmonic * hz)).toBeGreaterThan(0.6);
  });

  it('leaves what lies between the harmonics', () => {
    const cues = cuesOf(bass(110));
    expect(shareAt(cues, 2.5 * 110)).toBeLessThan(0.2);
  });

  it('finds no line in a chord, nor in silence', () => {
    const chord = (t: number) =>
      [196, 247, 311, 370, 466, 587].reduce((sum, hz) => sum + 0.1 * Math.sin(2 * Math.PI * hz * t), 0);
    const cues = cuesOf(chord);
    for (const hz of [196, 247, 311, 370, 466, 587]) expect(shareAt(cues, hz)).toBeLessThan(0.3);
    const silent = cuesOf(() => 0);
    expect(shareAt(silent, 110)).toBe(0);
  });

  it('gives a harmonic that is far too loud for a bass to others', () => {
    const withLead = (t: number) => bass(55)(t) + 0.4 * Math.sin(2 * Math.PI * 440 * t);
    expect(shareAt(cuesOf(withLead), 440)).toBeLessThan(0.1);
  });
});

describe('createMaskSmoother', () => {
  const BINS = 20;
  const loud = new Float32Array(BINS).fill(1);

  function masksOf(drums: (bin: number) => number) {
    const masks = createFrameMasks(BINS);
    for (let bin = 0; bin < BINS; bin++) {
      masks.drums[bin] = drums(bin);
      masks.vocals[bin] = 1 - drums(bin);
    }
    return masks;
  }

  it('lets a cell that is unlike its surroundings give way, and keeps the sum', () => {
    const smoother = createMaskSmoother(BINS);
    const calm = masksOf(() => 0);
    smoother.push(calm, loud);
    smoother.push(
      masksOf((bin) => (bin === 10 ? 1 : 0)),
      loud,
    );
    smoother.push(calm, loud);
    const out = createFrameMasks(BINS);
    smoother.smooth(out);
    expect(out.drums[10]!).toBeCloseTo(1 / (1 + 8 * 0.3), 6);
    expect(out.drums[9]!).toBeCloseTo(0.3 / (1 + 8 * 0.3), 6);
    for (let bin = 0; bin < BINS; bin++) expect(out.drums[bin]! + out.vocals[bin]!).toBeCloseTo(1, 6);
  });

  it('lets quiet neighbours say little', () => {
    const smoother = createMaskSmoother(BINS);
    const quiet = new Float32Array(BINS).fill(0.01);
    const peak = quiet.map((x, bin) => (bin === 10 ? 1 : x));
    const calm = masksOf(() => 0);
    smoother.push(calm, quiet);
    smoother.push(
      masksOf((bin) => (bin === 10 ? 1 : 0)),
      peak,
    );
    smoother.push(calm, quiet);
    const out = createFrameMasks(BINS);
    smoother.smooth(out);
    expect(out.drums[10]!).toBeGreaterThan(0.99);
  });
});
