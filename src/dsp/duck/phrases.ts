// From segments of speech to the phrases that a bed ducks under: short pauses are held, so that it does not come up
// between words, and phrases are laid on the control grid.
import type { SpeechSegment } from '../voice-activity/segments.js';
import { CONTROLS_PER_SEC } from './control.js';

/** A phrase covers controls [first, end). */
export interface Phrase {
  readonly first: number;
  readonly end: number;
}

/**
 * The phrases of `segments` (seconds of the voice's file) in a timeline of `controls` controls, in which the voice
 * begins at `voiceAtSec`. Pauses of up to `holdSec` belong to a phrase. What lies outside of the timeline is dropped.
 */
export function planPhrases(
  segments: readonly SpeechSegment[],
  holdSec: number,
  voiceAtSec: number,
  controls: number,
): Phrase[] {
  const phrases: { first: number; end: number }[] = [];
  let lastEndSec = Number.NEGATIVE_INFINITY;
  for (const { startSec, endSec } of segments) {
    const first = Math.max(0, Math.floor((startSec + voiceAtSec) * CONTROLS_PER_SEC));
    const end = Math.min(controls, Math.ceil((endSec + voiceAtSec) * CONTROLS_PER_SEC));
    if (end <= first) continue;
    const last = phrases.at(-1);
    if (last !== undefined && (startSec - lastEndSec <= holdSec || first <= last.end)) last.end = end;
    else phrases.push({ first, end });
    lastEndSec = endSec;
  }
  return phrases;
}
