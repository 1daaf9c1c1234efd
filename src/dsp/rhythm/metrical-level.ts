// The metrical level on which a piece is counted: listeners and programs disagree on half, double and triplet tempi.
// Method: the free track and its rivals are each followed, and judged by the evidence for each of their beats (the odds
// of the activation at its peak) and by how well their bars explain the downbeat activations: twice too fast, every
// second beat stands on little, and every second bar starts on nothing. Where rivals come close, a judge of bars by harmony
// and drums decides between them, and whether beats lie between those that were found.
import { peakNear, secToBeatFrame } from './activations.js';
import { type BarTrack, trackBars } from './bar-tracker.js';
import { type BeatTracker, createBeatTracker, refineBeats } from './beat-tracker.js';
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

/** Settings of the second look, chosen on the validation set. */
export const SECOND_LOOK = {
  /** Readings that are this much less probable than the best, in nats for one second, are not looked at. */
  reachNats: 1,
  /** Seconds of music for which the judge's log-probability of a beat counts. */
  judgeWeight: 4,
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
  const tracker = createBeatTracker(beat);
  const read = (lowestBpm: number, highestBpm: number): Reading | null =>
    readLevel(tracker, beat, downbeat, lowestBpm, highestBpm, givenMeter);
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
  return ranked(readings);
}

/**
 * The choice after a look at bars by `judge`, which gives the probability that a bar begins for each of a reading's beats:
 * among readings that come close, twice or half as fast, and with all beats half a beat later. Where nothing comes close
 * the choice stays as it is, and the judge is not asked.
 */
export function lookAgain(
  choice: LevelChoice,
  beat: Float32Array,
  judge: (beatsSec: readonly number[]) => ArrayLike<number>,
  givenMeter?: number,
): LevelChoice {
  const { best, rivals } = choice;
  const isClose = (reading: Reading): boolean =>
    best.logScorePerSec - reading.logScorePerSec <= SECOND_LOOK.reachNats;
  const half = rivals.find((rival) => isNear(rival.tempoBpm, best.tempoBpm / 2));
  const double = rivals.find((rival) => isNear(rival.tempoBpm, best.tempoBpm * 2));
  const others = [half, double].filter((reading) => reading !== undefined).filter(isClose);
  const later = [best, ...(half === undefined ? [] : [half])]
    .filter(({ beatsSec }) => beatsSec.length > 2)
    .map((reading) => halfABeatLater(reading, beat))
    .filter(isClose);
  if (others.length + later.length === 0) return choice;
  const judged = (reading: Reading): Reading => {
    const { logScore } = trackBars(judge(reading.beatsSec), givenMeter);
    const logScorePerSec =
      reading.logScorePerSec + (SECOND_LOOK.judgeWeight * logScore) / reading.beatsSec.length;
    return { ...reading, logScorePerSec };
  };
  const looked = [best, ...others, ...later].map(judged);
  const winner = looked.reduce((a, b) => (b.logScorePerSec > a.logScorePerSec ? b : a));
  // Those that were not looked at keep their distance from the best.
  const shift = looked[0]!.logScorePerSec - best.logScorePerSec;
  const seen = looked.slice(0, 1 + others.length);
  const unseen = rivals.filter((rival) => !others.includes(rival));
  const further = [
    ...seen,
    ...unseen.map((rival) => ({ ...rival, logScorePerSec: rival.logScorePerSec + shift })),
  ];
  // Of beats and those between them one remains: they are one tempo.
  return ranked([winner, ...further.filter(({ tempoBpm }) => !isNear(tempoBpm, winner.tempoBpm))]);
}

function isNear(bpm: number, otherBpm: number): boolean {
  return Math.abs(bpm / otherBpm - 1) <= RIVAL_WIDTH;
}

/** The same tempo with the beats between those of a reading; its bars are still those of the reading. */
function halfABeatLater(reading: Reading, beat: Float32Array): Reading {
  const { beatsSec, logScorePerSec } = reading;
  const between = beatsSec.slice(1).map((sec, k) => (beatsSec[k]! + sec) / 2);
  const evidence = (sec: readonly number[]): number => beatEvidence(sec, beat) / (sec.at(-1)! - sec[0]!);
  return {
    ...reading,
    beatsSec: between,
    logScorePerSec: logScorePerSec - evidence(beatsSec) + evidence(between),
  };
}

/** Readings of one piece by their probability. */
function ranked(readings: readonly Reading[]): LevelChoice {
  const [best, ...rivals] = readings.toSorted((a, b) => b.logScorePerSec - a.logScorePerSec);
  const odds = (reading: Reading): number =>
    Math.exp(LEVEL_MODEL.evidenceSec * (reading.logScorePerSec - best!.logScorePerSec));
  return { best: best!, confidence: 1 / readings.reduce((sum, reading) => sum + odds(reading), 0), rivals };
}

function readLevel(
  tracker: BeatTracker,
  beat: Float32Array,
  downbeat: Float32Array,
  lowestBpm: number,
  highestBpm: number,
  meter: number | undefined,
): Reading | null {
  const track = tracker.track({ lowestBpm, highestBpm });
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
