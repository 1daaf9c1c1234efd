import { describe, expect, it } from 'vitest';
import { byteToDb } from '../../../src/dsp/level-byte.js';
import { extractMusicFeatures, mergeMusicFeatures } from '../../../src/dsp/music-features.js';
import { BAND_COUNT, bandCentreHz } from '../../../src/dsp/rhythm/band-frames.js';
import { PITCH_BIN_COUNT, pitchBinHz } from '../../../src/dsp/tonal/pitch-frames.js';
import { createNoise, sourceOf } from '../tonal/tones.js';

function sine(hz: number, sec: number, rateHz: number): Float32Array {
  return Float32Array.from({ length: Math.round(sec * rateHz) }, (_, n) =>
    Math.sin((2 * Math.PI * hz * n) / rateHz),
  );
}

describe('extractMusicFeatures', () => {
  it.each([8000, 22050, 44100, 48000, 96000])(
    'gives the bytes of the whole for any ranges at %i Hz',
    (rateHz) => {
      const noise = createNoise(1);
      const signal = Float32Array.from({ length: Math.round(2.3 * rateHz) }, () => 0.3 * noise());
      const source = sourceOf(signal, rateHz);
      const whole = extractMusicFeatures(source, { startFrame: 0, endFrame: signal.length });
      const cuts = [0, 1, 1000, Math.round(0.7 * rateHz), Math.round(0.7 * rateHz) + 17, signal.length];
      const parts = cuts
        .slice(1)
        .map((endFrame, k) => extractMusicFeatures(source, { startFrame: cuts[k]!, endFrame }));
      const joined = mergeMusicFeatures(parts);
      expect(joined.bands).toEqual(whole.bands);
      expect(joined.pitches).toEqual(whole.pitches);
      expect(joined.durationSec).toBeCloseTo(2.3, 4);
      expect(whole.bands.length).toBe(230 * BAND_COUNT);
      expect(whole.pitches.length).toBe(23 * PITCH_BIN_COUNT);
    },
  );

  it('reads a block of ten seconds at a time, whatever the range', () => {
    let longest = 0;
    const source = {
      sampleRateHz: 8000,
      channelCount: 2,
      frameCount: 8000 * 120,
      read: (_: number, into: readonly Float32Array[]) => {
        longest = Math.max(longest, into[0]!.length);
      },
    };
    extractMusicFeatures(source, { startFrame: 0, endFrame: source.frameCount });
    expect(longest).toBeLessThan(12 * 8000);
  });

  it.each([8000, 44100, 48000])(
    'shows a full-scale sine at 0 dB in its band and at +5 dB in its pitch bin at %i Hz',
    (rateHz) => {
      const bin = 3 * (69 - 24) + 1;
      const pitch = extractMusicFeatures(sourceOf(sine(pitchBinHz(bin), 2, rateHz), rateHz), {
        startFrame: 0,
        endFrame: 2 * rateHz,
      });
      const pitchRow = [...pitch.pitches.subarray(10 * PITCH_BIN_COUNT, 11 * PITCH_BIN_COUNT)];
      expect(pitchRow.indexOf(Math.max(...pitchRow))).toBe(bin);
      expect(Math.abs(byteToDb(Math.max(...pitchRow)) - 5)).toBeLessThan(1);
      const band = 20;
      const bands = extractMusicFeatures(sourceOf(sine(bandCentreHz(band), 2, rateHz), rateHz), {
        startFrame: 0,
        endFrame: 2 * rateHz,
      });
      const row = [...bands.bands.subarray(100 * BAND_COUNT, 101 * BAND_COUNT)];
      expect(row.indexOf(Math.max(...row))).toBe(band);
      expect(Math.abs(byteToDb(row[band]!))).toBeLessThan(1);
    },
  );

  it('gives zeros for silence', () => {
    const features = extractMusicFeatures(sourceOf(new Float32Array(22050)), {
      startFrame: 0,
      endFrame: 22050,
    });
    expect(Math.max(...features.bands, ...features.pitches)).toBe(0);
  });

  it('gives no frames for a range between two centres', () => {
    const features = extractMusicFeatures(sourceOf(new Float32Array(22050)), { startFrame: 5, endFrame: 20 });
    expect(features.bands.length).toBe(0);
  });
});
