// The metrical level on which a piece is counted: listeners and programs disagree on half, double and triplet tempi.
// Method: the free track and its rivals are each followed, and judged by the evidence for each of their beats (the odds
// of the activation at its peak) and by how well their bars explain the downbeat activations: twice too fast, every
// second beat stands on little, and every second bar starts on nothing.
import { peakNear, secToBeatFrame } from './activations.js';
import { type BarTrack, trackBars } from './bar-tracker.js';
import { refineBeats, trackBeats } from './beat-tracker.js';
import { tempoOfBeats } from './tempo.js';

/** Range of tempi that beats are searched in. */
const LOWEST_BPM = 50;
const HIGHEST_BPM = 220;
const RIVAL_RATIOS = [0.5, 2, 2 / 3, 1.5, 1 / 3, 3];
const RIVAL_WIDTH = 0.06;
/** How far a given tempo is followed. */
const GIVEN_WIDTH = 0.08;

/** Settings, chosen on the validation set. */
export const LEVEL_MODEL = {
  /** Seconds of music that count as independent evidence. */
  evidenceSec: 4,
  /** Logarithm of the odds that a beat must have to speak for its reading. */
  threshold: 0.4,
  /** Weight of the bars' evidence against the beats'. */
  barWeight: 1.5,
  /** Nats at one octave from the commonest tempo, for one second. */
  tempoNats: 0.5,
  commonBpm: 84,
};

/** Beats on one metrical level with their bars. */
export interface Reading {
  readonly tempoBpm: number;
  readonly beatsSec: readonly number[];
  readonly bars: BarTrack;
  /** Log-probability for one second of music. */
  readonly logScorePerSec: number;
}

export interface LevelChoice {
  readonly best: Reading;
  /** Share of the probability that the best has among all readings. */
  readonly confidence: number;
  /** The others, the likeliest first. */
  readonly rivals: readonly Reading[];
}

/** The readings of a piece, best first; null where nothing can be counted. A given tempo or meter is obeyed. */
export function chooseLevel(
  beat: Float32Array,
  downbeat: Float32Array,
  givenBpm?: number,
  givenMeter?: number,
): LevelChoice | null {
  const read = (lowestBpm: number, highestBpm: number): Reading | null =>
    readLevel(beat, downbeat, lowestBpm, highestBpm, givenMeter);
  if (givenBpm !== undefined) {
    const only = read(givenBpm * (1 - GIVEN_WIDTH), givenBpm * (1 + GIVEN_WIDTH));
    return only === null ? null : { best: only, confidence: 1, rivals: [] };
  }
  const free = read(LOWEST_BPM, HIGHEST_BPM);
  if (free === null) return null;
  const readings = [free];
  for (const ratio of RIVAL_RATIOS) {
    const bpm = free.tempoBpm * ratio;
    if (bpm < LOWEST_BPM * 0.8 || bpm > HIGHEST_BPM * 1.1) continue;
    const rival = read(bpm * (1 - RIVAL_WIDTH), bpm * (1 + RIVAL_WIDTH));
    if (rival !== null) readings.push(rival);
  }
  readings.sort((a, b) => b.logScorePerSec - a.logScorePerSec);
  const [best, ...rivals] = readings;
  const odds = (reading: Reading): number =>
    Math.exp(LEVEL_MODEL.evidenceSec * (reading.logScorePerSec - best!.logScorePerSec));
  return { best: best!, confidence: 1 / readings.reduce((sum, reading) => sum + odds(reading), 0), rivals };
}

function readLevel(
  beat: Float32Array,
  downbeat: Float32Array,
  lowestBpm: number,
  highestBpm: number,
  meter: number | undefined,
): Reading | null {
  const track = trackBeats(beat, { lowestBpm, highestBpm });
  const beatsSec = refineBeats(track.frames, beat);
  const tempoBpm = tempoOfBeats(beatsSec);
  if (tempoBpm === null) return null;
  const bars = trackBars(
    beatsSec.map((sec) => peakNear(downbeat, secToBeatFrame(sec), 2)),
    meter,
  );
  const durationSec = beatsSec.at(-1)! - beatsSec[0]!;
  return {
    tempoBpm,
    beatsSec,
    bars,
    logScorePerSec:
      (beatEvidence(beatsSec, beat) + LEVEL_MODEL.barWeight * bars.logScore) / durationSec -
      unusual(tempoBpm),
  };
}

/** Sum over beats of the log-odds of their peaks above the threshold. */
function beatEvidence(beatsSec: readonly number[], beat: Float32Array): number {
  let sum = 0;
  for (const sec of beatsSec) {
    const p = Math.min(0.98, Math.max(0.02, peakNear(beat, secToBeatFrame(sec), 2)));
    sum += Math.log(p / (1 - p)) - LEVEL_MODEL.threshold;
  }
  return sum;
}

function unusual(tempoBpm: number): number {
  return LEVEL_MODEL.tempoNats * Math.log2(tempoBpm / LEVEL_MODEL.commonBpm) ** 2;
}
