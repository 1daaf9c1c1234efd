// Plosives, breaths and sibilants of known place and level in a voice: what is found, by how much it falls, what stays.
import { describe, expect, it } from 'vitest';
import { joinTouching } from '../../../src/dsp/repair/repair-range.js';
import { type RepairSetting, runRepair } from '../../../src/dsp/repair/repairs.js';
import { judgeVoice, measureVoiceLevels } from '../../../src/dsp/repair/voice.js';
import { isSameAudio } from '../denoise/signals.js';
import { errorDb, sourceOf } from './sources.js';
import { addAt, bandNoise, type Place, score, voiceInRoom } from './voices.js';

const RATE = 48_000;
const FRAMES = 12 * RATE;
const { clean, spans } = voiceInRoom(FRAMES, RATE);
const voice = judgeVoice(measureVoiceLevels(sourceOf([clean]), 0, FRAMES, spans), spans)!;
const amplitude = Math.sqrt(voice.power);
const place = (sec: number, lengthSec: number): Place => ({
  startFrame: Math.round(sec * RATE),
  endFrame: Math.round((sec + lengthSec) * RATE),
});

// Thumps at the beginning of phrases, breaths in the pauses, sibilants inside of phrases.
const thumps = [0, 1, 3, 4, 6].map((phrase) => place(1.5 * phrase + 0.05, 0.07));
const breaths = [0, 2, 3, 5].map((phrase) => place(1.5 * phrase + 1.1, 0.3));
const sibilants = [0, 1, 2, 3, 4, 5, 6].map((phrase) => place(1.5 * phrase + 0.46, 0.09));
const thump = Float64Array.from(
  { length: FRAMES },
  (_, n) => 6 * amplitude * Math.sin((2 * Math.PI * 38 * n) / RATE),
);
const breath = bandNoise(FRAMES, 700, 5000, RATE, 3).map((value) => 0.06 * amplitude * value);
const hiss = bandNoise(FRAMES, 5500, 9000, RATE, 4);
const hissLevel = Math.sqrt(hiss.reduce((sum, value) => sum + value * value, 0) / FRAMES);
/** A sibilant whose level at its top is so many dB above the vowels. */
const withSibilants = (levelDb: number) =>
  addAt(
    clean,
    hiss.map((value) => ((10 ** (levelDb / 20) * amplitude) / hissLevel) * value),
    sibilants,
  );

const plosiveSetting: RepairSetting = { repair: 'plosives', voice, thresholdDb: -12, maxReductionDb: 30 };
const breathSetting: RepairSetting = { repair: 'breaths', voice, reductionDb: 9 };
const sibilanceSetting: RepairSetting = { repair: 'sibilance', voice, thresholdDb: -2, maxReductionDb: 9 };

function repair(setting: RepairSetting, samples: Float64Array) {
  const output = new Float64Array(FRAMES);
  const regions = joinTouching(runRepair(setting, sourceOf([samples]), 0, FRAMES, [output]));
  return { output, regions };
}

describe('voice', () => {
  it('knows the levels of the voice and of the room', () => {
    expect(10 * Math.log10(voice.roomPower)).toBeGreaterThan(-78);
    expect(10 * Math.log10(voice.roomPower)).toBeLessThan(-72);
    expect(10 * Math.log10(voice.power)).toBeGreaterThan(-35);
  });
});

describe('plosives', () => {
  it('are found, and fall', () => {
    const damaged = addAt(clean, thump, thumps);
    const { output, regions } = repair(plosiveSetting, damaged);
    expect(score(thumps, regions)).toEqual({ recall: 1, precision: 1 });
    expect(errorDb(clean, damaged, thumps) - errorDb(clean, output, thumps)).toBeGreaterThan(10);
  });
});

describe('breaths', () => {
  it('are found, and fall by what was asked', () => {
    const damaged = addAt(clean, breath, breaths);
    const { output, regions } = repair(breathSetting, damaged);
    const { recall, precision } = score(breaths, regions);
    expect(recall).toBe(1);
    expect(precision).toBeGreaterThan(0.9);
    const middles = breaths.map(({ startFrame, endFrame }) => ({
      startFrame: startFrame + 4000,
      endFrame: endFrame - 4000,
    }));
    const fallDb = errorDb(clean, damaged, middles) - errorDb(clean, output, middles);
    expect(fallDb).toBeGreaterThan(7);
    expect(fallDb).toBeLessThan(10);
  });
});

describe('sibilance', () => {
  it('is found where it is too loud, and brought to its threshold', () => {
    const damaged = withSibilants(6);
    const { output, regions } = repair(sibilanceSetting, damaged);
    const { recall, precision } = score(sibilants, regions);
    expect(recall).toBe(1);
    expect(precision).toBe(1);
    const fallDb = errorDb(clean, damaged, sibilants) - errorDb(clean, output, sibilants);
    expect(fallDb).toBeGreaterThan(3);
    expect(fallDb).toBeLessThan(9);
  });

  it('leaves ordinary sibilants as they are, bit for bit', () => {
    const ordinary = withSibilants(-9);
    const { output, regions } = repair(sibilanceSetting, ordinary);
    expect(regions).toEqual([]);
    expect(isSameAudio([output], [ordinary])).toBe(true);
  });
});

describe.each([
  ['plosives', plosiveSetting],
  ['breaths', breathSetting],
  ['sibilance', sibilanceSetting],
] as const)('%s in a clean voice', (_name, setting) => {
  it('are not there, and nothing changes', () => {
    const { output, regions } = repair(setting, clean);
    expect(regions).toEqual([]);
    expect(isSameAudio([output], [clean])).toBe(true);
  });
});
