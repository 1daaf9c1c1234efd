// Conversions between physical units, and the only place where they happen.
// Pure arithmetic in float64; no rounding except where a frame count is asked for.

/** Amplitude ratio of a level difference in dB. −Infinity dB gives 0. */
export function dbToGain(db: number): number {
  return 10 ** (db / 20);
}

/** Level difference in dB of an amplitude ratio (≥ 0). 0 gives −Infinity. */
export function gainToDb(gainLinear: number): number {
  return 20 * Math.log10(gainLinear);
}

/** Level difference in dB of a power ratio (≥ 0). 0 gives −Infinity. */
export function powerToDb(power: number): number {
  return 10 * Math.log10(power);
}

/** Power ratio of a level difference in dB. */
export function dbToPower(db: number): number {
  return 10 ** (db / 10);
}

/** Whole frames nearest to a duration in milliseconds. */
export function msToFrames(ms: number, sampleRateHz: number): number {
  return Math.round((ms * sampleRateHz) / 1000);
}

/** Whole frames nearest to a duration in seconds. */
export function secToFrames(sec: number, sampleRateHz: number): number {
  return Math.round(sec * sampleRateHz);
}

/** Duration in seconds of a number of frames. */
export function framesToSec(frames: number, sampleRateHz: number): number {
  return frames / sampleRateHz;
}

/** Seconds rounded to `digits` decimals, for results that are printed. */
export function roundTo(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
