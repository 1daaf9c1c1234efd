// A leveller for voices: the gain that brings every phrase near to the level of the whole, as a slow ride of the fader.
// The level of speech is a mean over 3 s around, pauses left out; in pauses the gain stands still, so that the room does
// not come up. Worked out over the whole file, so it looks ahead as far as back. Levels are those of the voice's band.

/** Levels come in steps of this. */
export const LEVEL_STEP_SEC = 0.1;
/** Largest gain or cut where no other is asked for. */
export const USUAL_MAX_GAIN_DB = 9;

export interface LevellerOptions {
  /** Share of the difference to the whole's level that is made up, 0 … 1. */
  readonly share: number;
  /** Largest gain or cut, in dB. */
  readonly maxGainDb: number;
}

/** A phrase's level is a mean over so many steps to either side; gains are smoothed over fewer. */
const REACH = 15;
const SMOOTH_REACH = 5;
/** Fewer steps of speech than this tell no level. */
const LEAST_STEPS = 3;

/**
 * Gain in dB at every step. Without speech all are 0.
 * @param powers mean square of the voice's band in every step
 * @param isSpeech 1 where someone speaks
 */
export function rideGains(
  powers: Float32Array,
  isSpeech: Uint8Array,
  options: LevellerOptions,
): Float32Array {
  const gains = new Float32Array(powers.length);
  let sum = 0;
  let count = 0;
  for (const [n, power] of powers.entries()) {
    if (isSpeech[n] === 0) continue;
    sum += power;
    count++;
  }
  if (count < LEAST_STEPS || !(sum > 0)) return gains;
  const whole = sum / count;
  let held = 0;
  let isHeld = false;
  for (let n = 0; n < powers.length; n++) {
    let near = 0;
    let steps = 0;
    for (let k = Math.max(0, n - REACH); k <= Math.min(powers.length - 1, n + REACH); k++) {
      if (isSpeech[k] === 0) continue;
      near += powers[k]!;
      steps++;
    }
    if (isSpeech[n] === 1 && steps >= LEAST_STEPS && near > 0) {
      const wantedDb = -options.share * 10 * Math.log10(near / steps / whole);
      held = Math.min(options.maxGainDb, Math.max(-options.maxGainDb, wantedDb));
      // What comes before the first phrase has its gain.
      if (!isHeld) gains.fill(held, 0, n);
      isHeld = true;
    }
    gains[n] = held;
  }
  return gains.map((_, n) => {
    let total = 0;
    let weights = 0;
    for (let d = -SMOOTH_REACH; d <= SMOOTH_REACH; d++) {
      const gain = gains[n + d];
      if (gain === undefined) continue;
      const weight = SMOOTH_REACH + 1 - Math.abs(d);
      total += weight * gain;
      weights += weight;
    }
    return total / weights;
  });
}
