// What dips do under the voice, band by band: the deepest and the sum, so that parts of a plan add up to the whole.
import { BAND_COUNT } from './bands.js';
import type { Dips } from './carve-plan.js';
import type { Phrase } from './phrases.js';

/** Dips in tenths of a decibel under `controls` controls of speech, by band. */
export interface CarvedBands {
  readonly controls: number;
  readonly deepest: Uint8Array;
  readonly sums: Float64Array;
  readonly sidesDeepest: Uint8Array;
}

/** Of the dips of a plan under its phrases. */
export function carvedBands({ mid, side }: Dips, phrases: readonly Phrase[]): CarvedBands {
  const carved = emptyBands();
  let controls = 0;
  for (const { first, end } of phrases) {
    controls += end - first;
    for (let at = first * BAND_COUNT; at < end * BAND_COUNT; at++) {
      const band = at % BAND_COUNT;
      carved.deepest[band] = Math.max(carved.deepest[band]!, mid[at]!);
      carved.sums[band]! += mid[at]!;
      carved.sidesDeepest[band] = Math.max(carved.sidesDeepest[band]!, side[at]!);
    }
  }
  return { ...carved, controls };
}

export function joinCarved(parts: readonly CarvedBands[]): CarvedBands {
  const joined = emptyBands();
  let controls = 0;
  for (const part of parts) {
    controls += part.controls;
    for (let band = 0; band < BAND_COUNT; band++) {
      joined.deepest[band] = Math.max(joined.deepest[band]!, part.deepest[band]!);
      joined.sums[band]! += part.sums[band]!;
      joined.sidesDeepest[band] = Math.max(joined.sidesDeepest[band]!, part.sidesDeepest[band]!);
    }
  }
  return { ...joined, controls };
}

function emptyBands(): Omit<CarvedBands, 'controls'> {
  return {
    deepest: new Uint8Array(BAND_COUNT),
    sums: new Float64Array(BAND_COUNT),
    sidesDeepest: new Uint8Array(BAND_COUNT),
  };
}
