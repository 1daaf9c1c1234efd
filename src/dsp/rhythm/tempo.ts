// Tempo: of the whole piece, over time, against its rivals (half, double, triplet), and the swing of the off-beats.
import { trackBeats } from './beat-tracker.js';

/** Range of tempi that beats are searched in. */
export const LOWEST_BPM = 50;
export const HIGHEST_BPM = 220;

/** Intervals averaged for one value of the tempo. */
const TEMPO_SPAN_BEATS = 8;
/** Metrical relations in which listeners and programs disagree on a tempo. */
const RIVAL_RATIOS = [0.5, 2, 2 / 3, 1.5, 1 / 3, 3];
const RIVAL_WIDTH = 0.06;
/** Seconds of music that count as independent evidence between two tempi. */
const EVIDENCE_SEC = 4;

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
 * How sure a tempo is against its metrical rivals, and the two most probable of them.
 * Each rival is tracked on the same activations within 6 %; the probabilities of four seconds are compared.
 */
export function weighTempo(
  beatActivation: Float32Array,
  tempoBpm: number,
): { confidence: number; alternativesBpm: number[] } {
  const scoreOf = (bpm: number): number =>
    trackBeats(beatActivation, { lowestBpm: bpm * (1 - RIVAL_WIDTH), highestBpm: bpm * (1 + RIVAL_WIDTH) })
      .logScorePerSec * EVIDENCE_SEC;
  const own = scoreOf(tempoBpm);
  const rivals = RIVAL_RATIOS.map((ratio) => tempoBpm * ratio)
    .filter((bpm) => bpm >= LOWEST_BPM * 0.7 && bpm <= HIGHEST_BPM * 1.2)
    .map((bpm) => ({ bpm, odds: Math.exp(Math.min(0, scoreOf(bpm) - own)) }))
    .sort((a, b) => b.odds - a.odds);
  const sum = rivals.reduce((total, rival) => total + rival.odds, 1);
  return { confidence: 1 / sum, alternativesBpm: rivals.slice(0, 2).map((rival) => rival.bpm) };
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

/** The middle of the values; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : 0.5 * (sorted[middle - 1]! + sorted[middle]!);
}
