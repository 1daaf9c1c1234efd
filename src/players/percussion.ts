// Hand percussion by rule: patterns of the persona, with strength and small variation. The data holds none to learn from.
import type { Arrangement } from './arrangement.js';
import type { Controls } from './controls.js';
import type { Persona } from './persona.js';
import { PERCUSSION } from './pieces.js';
import { Random } from './random.js';

export interface PercussionHit {
  readonly sound: (typeof PERCUSSION)[number];
  readonly step: number;
  /** 0 to 1. */
  readonly velocity: number;
}

const STRENGTH: Readonly<Record<string, readonly [number, number]>> = {
  X: [1, 1],
  x: [0.99, 0.8],
  o: [0.95, 0.6],
  g: [0.8, 0.35],
  '?': [0.35, 0.5],
};

/** Hits of all percussion in order of steps; none where the group is off or a pattern does not fit the meter. */
export function playPercussion(
  persona: Persona,
  arrangement: Arrangement,
  controls: Controls,
): PercussionHit[] {
  const amount = controls.groupPercent.percussion / 100;
  if (amount === 0) return [];
  const hits: PercussionHit[] = [];
  const barSteps = arrangement.grid.stepCount;
  const order: readonly string[] = PERCUSSION;
  for (const { sound, pattern, velocity } of persona.percussion) {
    if (pattern.length % barSteps !== 0) continue;
    const random = new Random(controls.seed, 'percussion', order.indexOf(sound), pattern);
    for (const bar of arrangement.bars) {
      const more = (bar.complexityPercent - 50) / 100 + (amount - 0.5);
      for (let step = 0; step < barSteps; step++) {
        const chance = random.next();
        const touch = random.normal();
        const known = STRENGTH[pattern[(bar.index * barSteps + step) % pattern.length]!];
        if (known === undefined) continue;
        const [likely, strength] = known;
        if (chance >= likely + more * (likely < 0.9 ? 0.8 : 0)) continue;
        const loud = (bar.dynamicsPercent - 50) / 50;
        const value = (velocity / 127) * strength * (1 + 0.25 * loud) + 0.04 * touch;
        hits.push({
          sound,
          step: bar.index * barSteps + step,
          velocity: Math.min(1, Math.max(1 / 127, value)),
        });
      }
    }
  }
  return hits.sort((a, b) => a.step - b.step || order.indexOf(a.sound) - order.indexOf(b.sound));
}
