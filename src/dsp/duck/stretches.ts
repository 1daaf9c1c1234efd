// Where a duck may be planned in parts: phrases whose gains and dips cannot touch lie in different stretches, and what
// happens in one changes nothing in another.
import { DIP_RAMP_SEC } from './carve-plan.js';
import { CONTROLS_PER_SEC } from './control.js';
import { type DuckSettings, gentlestRampSec } from './gain-curve.js';
import type { Phrase } from './phrases.js';

/** Phrases [firstPhrase, endPhrase), and the controls [first, end) outside of which they leave the bed alone. */
export interface Stretch {
  readonly first: number;
  readonly end: number;
  readonly firstPhrase: number;
  readonly endPhrase: number;
}

/** The stretches of `phrases` (ascending) on a timeline of `controls` controls: ascending, without overlap. */
export function stretchesOf(
  phrases: readonly Phrase[],
  { maxDepthDb, attackSec, releaseSec, lookaheadSec }: DuckSettings,
  controls: number,
): Stretch[] {
  const longestSec = Math.max(gentlestRampSec(maxDepthDb), DIP_RAMP_SEC);
  const reach = (sec: number) => Math.ceil(sec * CONTROLS_PER_SEC) + 2;
  const before = reach(lookaheadSec + Math.max(attackSec, longestSec));
  const after = reach(Math.max(releaseSec, longestSec));
  const stretches: Stretch[] = [];
  for (const [p, phrase] of phrases.entries()) {
    const first = Math.max(0, phrase.first - before);
    const end = Math.min(controls, phrase.end + after);
    const last = stretches.at(-1);
    if (last === undefined || first >= last.end)
      stretches.push({ first, end, firstPhrase: p, endPhrase: p + 1 });
    else stretches[stretches.length - 1] = { ...last, end, endPhrase: p + 1 };
  }
  return stretches;
}
