// Loudness of the dialogue of a programme: K-weighted, over the gating blocks that hold speech. Where speech is, a
// detector says; this does not look for it.
import { loudnessOf, MOMENTARY_HOPS, windowMeans } from './gating.js';

const HOP_SEC = 0.1;
/** A block counts where speech fills this much of it. */
const SPEECH_SHARE = 0.75;

export interface Dialogue {
  /** LUFS; null where there is no speech. */
  readonly dialogueLufs: number | null;
  /** Share of the programme that is speech, in percent. */
  readonly dialoguePercent: number;
}

/**
 * Dialogue of a programme of these mean squares (one for every 100 ms), with speech in `segments` (in order, apart).
 * @source ITU-R BS.1770-1 over the stretches of speech, as dialogue-gated rules ask; blocks of 400 ms every 100 ms
 */
export function measureDialogue(
  hopMeans: Float64Array,
  segments: readonly { readonly startSec: number; readonly endSec: number }[],
): Dialogue {
  const speechSec = new Float64Array(hopMeans.length);
  for (const { startSec, endSec } of segments) {
    const last = Math.min(hopMeans.length - 1, Math.floor(endSec / HOP_SEC));
    for (let hop = Math.max(0, Math.floor(startSec / HOP_SEC)); hop <= last; hop++) {
      const overlap = Math.min(endSec, (hop + 1) * HOP_SEC) - Math.max(startSec, hop * HOP_SEC);
      speechSec[hop]! += Math.max(0, overlap);
    }
  }
  const blocks = windowMeans(hopMeans, MOMENTARY_HOPS);
  const shares = windowMeans(speechSec, MOMENTARY_HOPS);
  let sum = 0;
  let count = 0;
  for (const [i, meanSquare] of blocks.entries()) {
    if (shares[i]! < SPEECH_SHARE * HOP_SEC) continue;
    sum += meanSquare;
    count++;
  }
  const totalSec = speechSec.reduce((total, sec) => total + sec, 0);
  return {
    dialogueLufs: count === 0 ? null : loudnessOf(sum / count),
    dialoguePercent: hopMeans.length === 0 ? 0 : (100 * totalSec) / (hopMeans.length * HOP_SEC),
  };
}
