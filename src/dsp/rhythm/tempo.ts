// Tempo of a run of beats, as a whole and over time, and the swing of its off-beats.
/** Intervals averaged for one value of the tempo. */
const TEMPO_SPAN_BEATS = 8;
/** Tempo in BPM of a run of beats: the median over spans of eight intervals; null for fewer than two beats. */
export function tempoOfBeats(beatsSec: readonly number[]): number | null {
  if (beatsSec.length < 2) return null;
  const span = Math.min(TEMPO_SPAN_BEATS, beatsSec.length - 1);
  const intervals = beatsSec.slice(span).map((sec, k) => (sec - beatsSec[k]!) / span);
  return 60 / median(intervals);
}

/** Tempo around every fourth beat: [{timeSec, tempoBpm}]; empty for fewer than nine beats. */
export function tempoCurve(beatsSec: readonly number[]): { timeSec: number; tempoBpm: number }[] {
  const curve: { timeSec: number; tempoBpm: number }[] = [];
  const half = TEMPO_SPAN_BEATS / 2;
  for (let k = half; k + half < beatsSec.length; k += 4) {
    const tempoBpm = (60 * TEMPO_SPAN_BEATS) / (beatsSec[k + half]! - beatsSec[k - half]!);
    curve.push({ timeSec: beatsSec[k]!, tempoBpm });
  }
  return curve;
}

/**
 * Ratio of the first to the second of two off-beat eighths: 1 straight, 2 triplets; null where fewer than 16 onsets
 * lie between 0.42 and 0.74 of a beat, or where they have no common place.
 */
export function swingRatio(beatsSec: readonly number[], onsetsSec: readonly number[]): number | null {
  const phases: number[] = [];
  let beat = 0;
  for (const onset of onsetsSec) {
    while (beat + 1 < beatsSec.length && beatsSec[beat + 1]! <= onset) beat++;
    const start = beatsSec[beat];
    const end = beatsSec[beat + 1];
    if (start === undefined || end === undefined || onset < start) continue;
    const phase = (onset - start) / (end - start);
    if (phase >= 0.42 && phase <= 0.74) phases.push(phase);
  }
  if (phases.length < 16) return null;
  let best: number[] = [];
  for (let centre = 0.46; centre <= 0.7; centre += 0.005) {
    const near = phases.filter((phase) => Math.abs(phase - centre) < 0.04);
    if (near.length > best.length) best = near;
  }
  if (best.length < 0.5 * phases.length) return null;
  const phase = best.reduce((sum, value) => sum + value, 0) / best.length;
  return phase / (1 - phase);
}

/** Standard deviation of a tempo curve over its mean, in percent. */
export function variationPercent(curve: readonly { tempoBpm: number }[]): number {
  const mean = curve.reduce((sum, point) => sum + point.tempoBpm, 0) / curve.length;
  const variance = curve.reduce((sum, point) => sum + (point.tempoBpm - mean) ** 2, 0) / curve.length;
  return (100 * Math.sqrt(variance)) / mean;
}

/** The middle of the values; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : 0.5 * (sorted[middle - 1]! + sorted[middle]!);
}
