// Soft masks of drums, bass and vocals from the cues of a cell; `other` is what is left, so all four sum to one.
// Method: two opinions, a rule (what is struck is drums; of the rest, what is low or on the bass line is bass, and what
// is in the centre and moves is voice) and a small trained network; the masks are their geometric mean, normalised.
import type { BassLine } from './bass-line.js';
import type { Cues } from './cues.js';
import type { FrameGrid } from './frame-grid.js';
import { createMaskNetwork } from './mask-network.js';

/** Masks of one frame by stem, each [bin] from 0 to 1, with a sum of at most 1. */
export interface FrameMasks {
  readonly drums: Float64Array;
  readonly bass: Float64Array;
  readonly vocals: Float64Array;
}

/** Below this frequency a drum is told by its decay, for its spectrum is too narrow for the median along frequency. */
const DECAY_CUE_HZ = 200;
const BASS_TOP_HZ = 200;
const VOICE_BOTTOM_HZ = 180;
/** Added to the rule's masks, so that it alone cannot rule a stem out. */
const LEAST_MASK = 1e-4;
/** How much of the voice's mask a fully sustained cell loses. */
const SUSTAIN_LOSS = 0.5;

/** 1 far below `cutoffHz`, ½ at it, 0 far above; `order` sets the slope. */
function lowShare(hz: number, cutoffHz: number, order: number): number {
  return 1 / (1 + (hz / cutoffHz) ** order);
}

/** Computes the masks of a frame. `centreShare` is the song's (centre-share.ts). */
export type MaskRule = (
  cues: Cues,
  bassLine: BassLine,
  frameIndex: number,
  centreShare: number,
  into: FrameMasks,
) => void;

/** The masks for a grid; the function serves one thread. */
export function createMaskRule(grid: FrameGrid): MaskRule {
  const { binCount, hzPerBin } = grid;
  const table = (cutoffHz: number, order: number) =>
    Float64Array.from({ length: binCount }, (_, bin) => lowShare(bin * hzPerBin, cutoffHz, order));
  const decayShare = table(DECAY_CUE_HZ, 6);
  const bassShare = table(BASS_TOP_HZ, 8);
  const belowVoice = table(VOICE_BOTTOM_HZ, 8);
  const network = createMaskNetwork(grid);
  return (cues, bassLine, frameIndex, centreShare, into) => {
    const onLine = bassLine.shareOf(frameIndex);
    const [drumsVotes, bassVotes, otherVotes, vocalsVotes] = network.judge(cues, frameIndex, centreShare);
    for (let bin = 0, at = frameIndex * binCount; bin < binCount; bin++, at++) {
      const magnitude = cues.magnitude[at]! + 1e-20;
      const struck = cues.struck[at]! * cues.struck[at]!;
      const steady = cues.steady[at]! * cues.steady[at]!;
      const struckShare = struck / (struck + steady + 1e-30);
      const decaying = 1 - Math.min(1, cues.steady[at]! / magnitude);
      const drums = struckShare + decayShare[bin]! * (decaying - struckShare);
      const tonal = 1 - drums;
      const line = bin < bassLine.binCount ? onLine[bin]! : 0;
      const bass = tonal * Math.max(bassShare[bin]!, line);
      const sustained = Math.min(1, cues.sustained[at]! / magnitude);
      const moving = 1 - SUSTAIN_LOSS * sustained * sustained;
      const centre = cues.centre[at]!;
      const voice = centre * centre * centre * (1 - belowVoice[bin]!) * moving;
      const vocals = (tonal - bass) * voice;
      // Differences to the largest vote, so that no confident answer overflows.
      const ofDrums = drumsVotes![bin]!;
      const ofBass = bassVotes![bin]!;
      const ofOther = otherVotes![bin]!;
      const ofVocals = vocalsVotes![bin]!;
      const largest = Math.max(ofDrums, ofBass, ofOther, ofVocals);
      // Geometric means of what a vote is the logarithm of and the rule's mask, in line: a call here costs as much again.
      const drumsWeight = Math.exp(0.5 * (ofDrums - largest)) * Math.sqrt(drums + LEAST_MASK);
      const ofLine = Math.exp(0.5 * (ofBass - largest)) * Math.sqrt(bass + LEAST_MASK);
      // A cell that the bass line explains whole counts twice as bass.
      const bassWeight = (1 + line) * ofLine;
      const vocalsWeight = Math.exp(0.5 * (ofVocals - largest)) * Math.sqrt(vocals + LEAST_MASK);
      const rest = Math.max(0, tonal - bass - vocals);
      const otherWeight = Math.exp(0.5 * (ofOther - largest)) * Math.sqrt(rest + LEAST_MASK);
      const total = drumsWeight + bassWeight + vocalsWeight + otherWeight;
      into.drums[bin] = drumsWeight / total;
      into.bass[bin] = bassWeight / total;
      into.vocals[bin] = vocalsWeight / total;
    }
  };
}

/** Room for the masks of one frame. */
export function createFrameMasks(binCount: number): FrameMasks {
  return {
    drums: new Float64Array(binCount),
    bass: new Float64Array(binCount),
    vocals: new Float64Array(binCount),
  };
}
