// Breaths between phrases: noise-like sound near speech, softer than the voice and louder than the room, as long as a
// breath. They are turned down, never below the room, and never away: speech without breaths sounds cut.
import {
  bandPower,
  type FrameGains,
  fftSizeFor,
  type SpectralRule,
  type SpectraWindow,
} from './spectral-repair.js';
import { distanceToSpeech, type Voice } from './voice.js';

export interface BreathOptions {
  readonly sampleRateHz: number;
  readonly voice: Voice;
  /** By how much breaths are turned down, in dB. */
  readonly reductionDb: number;
}

const FRAME_SEC = 0.043;
const BAND_HZ = [400, 8000] as const;
/** A breath is so much softer than the vowels, and louder than the room. */
const BELOW_VOICE_DB = 12;
const LEAST_DBFS = -75;
const ABOVE_ROOM_DB = 7;
/** Flatness of the mean spectrum of five frames: of breaths above this, of vowels below 0.2. */
const FLATNESS = 0.3;
const FLATNESS_REACH = 2;
/** It belongs to speech within this distance, and lasts so long. */
const REACH_SEC = 1;
const SHORTEST_SEC = 0.1;
const LONGEST_SEC = 1;
/** Gains move over this many frames. */
const FADE_FRAMES = 4;

/** The rule. Without pauses there is no room to see, and nothing is done. */
export function createBreathRule(options: BreathOptions): SpectralRule {
  const { sampleRateHz, voice } = options;
  const fftSize = fftSizeFor(FRAME_SEC, sampleRateHz);
  const hopFrames = fftSize / 4;
  const longest = Math.round((LONGEST_SEC * sampleRateHz) / hopFrames);
  const shortest = Math.round((SHORTEST_SEC * sampleRateHz) / hopFrames);
  const low = Math.round((BAND_HZ[0] * fftSize) / sampleRateHz);
  const high = Math.min(fftSize / 2 + 1, Math.round((BAND_HZ[1] * fftSize) / sampleRateHz));
  const loudest = voice.power * 10 ** (-BELOW_VOICE_DB / 10);
  const softest = Math.max(voice.roomPower * 10 ** (ABOVE_ROOM_DB / 10), 10 ** (LEAST_DBFS / 10));

  function isBreathy(spectra: SpectraWindow, frame: number, power: number): boolean {
    if (!(power > softest && power < loudest)) return false;
    const distance = distanceToSpeech(voice.spans, frame * hopFrames);
    if (distance === 0 || distance > REACH_SEC * sampleRateHz) return false;
    return flatnessOf(spectra, frame, low, high) > FLATNESS;
  }

  return {
    fftSize,
    hopFrames,
    contextFrames: longest + FADE_FRAMES + FLATNESS_REACH,
    decide(spectra, first, last) {
      const from = spectra.firstFrame + FLATNESS_REACH;
      const count = spectra.frameCount - 2 * FLATNESS_REACH;
      const powers = Float64Array.from({ length: count }, (_, n) => bandPower(spectra, from + n, low, high));
      const isBreath = Uint8Array.from(powers, (power, n) => (isBreathy(spectra, from + n, power) ? 1 : 0));
      keepRuns(isBreath, shortest, longest);
      const decided: FrameGains[] = [];
      for (let frame = first; frame <= last; frame++) {
        const at = frame - from;
        let share = 0;
        for (let d = -FADE_FRAMES; d <= FADE_FRAMES; d++)
          if (isBreath[at + d] === 1) share = Math.max(share, 1 - Math.abs(d) / (FADE_FRAMES + 1));
        if (share === 0) {
          decided.push({ gains: undefined });
          continue;
        }
        const aboveRoomDb = 10 * Math.log10(powers[at]! / Math.max(voice.roomPower, 1e-12));
        const reductionDb = share * Math.max(0, Math.min(options.reductionDb, aboveRoomDb));
        decided.push({
          gains: new Float32Array(spectra.binCount).fill(10 ** (-reductionDb / 20)),
          severityDb: isBreath[at] === 1 ? 10 * Math.log10(powers[at]! / softest) + ABOVE_ROOM_DB : undefined,
        });
      }
      return decided;
    },
  };
}

/** Clears runs of marks that are shorter or longer than a breath. */
function keepRuns(marks: Uint8Array, shortest: number, longest: number): void {
  for (let n = 0; n < marks.length; n++) {
    if (marks[n] === 0) continue;
    let end = n;
    while (end < marks.length && marks[end] === 1) end++;
    if (end - n < shortest || end - n > longest) marks.fill(0, n, end);
    n = end;
  }
}

/** Geometric over arithmetic mean of the bins, of the mean spectrum of the frames around. */
function flatnessOf(spectra: SpectraWindow, frame: number, low: number, high: number): number {
  let sum = 0;
  let logs = 0;
  for (let k = low; k < high; k++) {
    let power = 1e-20;
    for (let d = -FLATNESS_REACH; d <= FLATNESS_REACH; d++)
      power += spectra.power[(frame + d - spectra.firstFrame) * spectra.binCount + k]!;
    sum += power;
    logs += Math.log(power);
  }
  const count = Math.max(1, high - low);
  return Math.exp(logs / count) / (sum / count);
}
