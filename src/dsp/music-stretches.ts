// A long recording is heard in stretches, so that memory does not grow with its length: each is analysed with some sound
// of its neighbours on both sides, cut to its own time, and put in a row here. Events keep their places; what is told
// of the whole (tempo, meter, key, genre) is what holds for most of the time. Sections are compared within a stretch
// only: letters go on from stretch to stretch, and levels are over the mean of the stretch.
import { roundTo } from '../units.js';
import type { GenreGuess } from './genre/schema.js';
import type { MusicAnalysis } from './music-analysis.js';
import type { RhythmAnalysis } from './rhythm/schema.js';
import { swingRatio, variationPercent } from './rhythm/tempo.js';
import type { StructureAnalysis } from './structure/schema.js';
import { sectionIndex, sectionLetters } from './structure/section-letters.js';
import type { TonalAnalysis } from './tonal/schema.js';

/** The analysis of sound from `originSec` on, of which [startSec, endSec) is the stretch's own. */
export interface MusicStretch {
  readonly originSec: number;
  readonly startSec: number;
  readonly endSec: number;
  readonly analysis: MusicAnalysis;
}

/** Tempi within this ratio count as one. */
const SAME_TEMPO = 1.04;

/** The whole recording's analysis; that of a lone stretch as it is. */
export function joinStretches(stretches: readonly MusicStretch[]): MusicAnalysis {
  const [first] = stretches;
  if (stretches.length === 1) return first!.analysis;
  return {
    rhythm: joinRhythm(stretches),
    tonal: joinTonal(stretches),
    structure: joinStructure(stretches),
    genre: joinGenre(stretches),
  };
}

function joinRhythm(stretches: readonly MusicStretch[]): RhythmAnalysis {
  const events = (pick: (rhythm: RhythmAnalysis) => readonly number[]): number[] =>
    stretches.flatMap((stretch) =>
      pick(stretch.analysis.rhythm)
        .map((sec) => roundTo(sec + stretch.originSec, 3))
        .filter((sec) => isInside(stretch, sec)),
    );
  const tempo = vote(
    stretches,
    ({ rhythm }) => rhythm.tempoBpm,
    ({ rhythm }) => rhythm.tempoConfidence,
    (a, b) => Math.max(a, b) / Math.min(a, b) < SAME_TEMPO,
  );
  const meter = vote(
    stretches,
    ({ rhythm }) => rhythm.meter,
    ({ rhythm }) => rhythm.meterConfidence,
  );
  const beatsSec = events(({ beatsSec }) => beatsSec);
  const onsetsSec = events(({ onsetsSec }) => onsetsSec);
  const tempoCurve = stretches.flatMap((stretch) =>
    stretch.analysis.rhythm.tempoCurve
      .map(({ timeSec, tempoBpm }) => ({ timeSec: roundTo(timeSec + stretch.originSec, 3), tempoBpm }))
      .filter(({ timeSec }) => isInside(stretch, timeSec)),
  );
  const swing = swingRatio(beatsSec, onsetsSec);
  return {
    tempoBpm: tempo?.value ?? null,
    tempoAlternativesBpm: [
      ...(tempo?.others ?? []),
      ...(tempo?.stretch.analysis.rhythm.tempoAlternativesBpm ?? []),
    ].slice(0, 2),
    tempoConfidence: tempo?.confidence ?? null,
    beatsSec,
    downbeatsSec: events(({ downbeatsSec }) => downbeatsSec),
    meter: meter?.value ?? null,
    meterConfidence: meter?.confidence ?? null,
    onsetsSec,
    tempoCurve,
    tempoVariationPercent: tempoCurve.length === 0 ? null : roundTo(variationPercent(tempoCurve), 2),
    swingRatio: swing === null ? null : roundTo(swing, 3),
  };
}

function joinTonal(stretches: readonly MusicStretch[]): TonalAnalysis {
  const key = vote(
    stretches,
    ({ tonal }) => tonal.key,
    ({ tonal }) => tonal.keyConfidence,
  );
  const spans = (pick: (tonal: TonalAnalysis) => TonalAnalysis['chords']): TonalAnalysis['chords'] => {
    const joined: TonalAnalysis['chords'] = [];
    for (const stretch of stretches) {
      for (const span of clip(stretch, pick(stretch.analysis.tonal))) {
        const last = joined.at(-1);
        if (last !== undefined && last.label === span.label) last.endSec = span.endSec;
        else joined.push(span);
      }
    }
    return joined;
  };
  const tuned = stretches.filter(({ analysis }) => analysis.tonal.tuningHz !== null);
  const pitched = stretches.filter(({ analysis }) => analysis.tonal.chroma !== null);
  return {
    key: key?.value ?? null,
    keyConfidence: key?.confidence ?? null,
    keys: spans(({ keys }) => keys),
    tuningHz:
      tuned.length === 0
        ? null
        : roundTo(
            meanOver(tuned, ({ analysis }) => analysis.tonal.tuningHz!),
            2,
          ),
    chords: spans(({ chords }) => chords),
    bassNotes: spans(({ bassNotes }) => bassNotes),
    chroma:
      pitched.length === 0
        ? null
        : Array.from({ length: 12 }, (_, pc) =>
            roundTo(
              meanOver(pitched, ({ analysis }) => analysis.tonal.chroma![pc]!),
              4,
            ),
          ),
  };
}

function joinStructure(stretches: readonly MusicStretch[]): StructureAnalysis {
  let labelCount = 0;
  return {
    sections: stretches.flatMap((stretch) => {
      const before = labelCount;
      return clip(stretch, stretch.analysis.structure.sections).map((section) => {
        const index = before + sectionIndex(section.label);
        labelCount = Math.max(labelCount, index + 1);
        return { ...section, label: sectionLetters(index) };
      });
    }),
    energyCurve: stretches.flatMap((stretch) =>
      stretch.analysis.structure.energyCurve
        .map(({ timeSec, energyDb }) => ({ timeSec: roundTo(timeSec + stretch.originSec, 3), energyDb }))
        .filter(({ timeSec }) => isInside(stretch, timeSec)),
    ),
  };
}

function joinGenre(stretches: readonly MusicStretch[]): GenreGuess {
  const best = vote(
    stretches,
    ({ genre }) => genre.guess,
    ({ genre }) => genre.confidence,
  );
  if (best === null) return { guess: null, confidence: null, alternatives: [], reasons: [] };
  const { alternatives, reasons } = best.stretch.analysis.genre;
  return { guess: best.value, confidence: best.confidence, alternatives, reasons };
}

/** The value that holds for most of the time, the others by their time, and the longest stretch with the value. */
function vote<Value>(
  stretches: readonly MusicStretch[],
  choiceOf: (analysis: MusicAnalysis) => Value | null,
  confidenceOf: (analysis: MusicAnalysis) => number | null,
  isSame: (a: Value, b: Value) => boolean = Object.is,
): { value: Value; confidence: number; others: Value[]; stretch: MusicStretch } | null {
  const sides: { value: Value; sec: number; stretch: MusicStretch; trust: number }[] = [];
  for (const stretch of stretches) {
    const value = choiceOf(stretch.analysis);
    if (value === null) continue;
    const sec = secondsOf(stretch);
    const trust = sec * (confidenceOf(stretch.analysis) ?? 0);
    const side = sides.find((known) => isSame(known.value, value));
    if (side === undefined) sides.push({ value, sec, stretch, trust });
    else {
      side.sec += sec;
      side.trust += trust;
    }
  }
  sides.sort((a, b) => b.sec - a.sec);
  const [best, ...others] = sides;
  if (best === undefined) return null;
  const total = sides.reduce((sum, { sec }) => sum + sec, 0);
  return {
    value: best.value,
    confidence: roundTo(best.trust / total, 3),
    others: others.map(({ value }) => value),
    stretch: best.stretch,
  };
}

function meanOver(stretches: readonly MusicStretch[], pick: (stretch: MusicStretch) => number): number {
  const total = stretches.reduce((sum, stretch) => sum + secondsOf(stretch), 0);
  return stretches.reduce((sum, stretch) => sum + (pick(stretch) * secondsOf(stretch)) / total, 0);
}

function secondsOf({ startSec, endSec }: MusicStretch): number {
  return endSec - startSec;
}

function isInside({ startSec, endSec }: MusicStretch, sec: number): boolean {
  return sec >= startSec && sec < endSec;
}

/** Spans in the recording's time, cut to the stretch; those outside of it are left out. */
function clip<Span extends { startSec: number; endSec: number }>(
  { originSec, startSec, endSec }: MusicStretch,
  spans: readonly Span[],
): Span[] {
  return spans
    .map((span) => ({
      ...span,
      startSec: roundTo(Math.max(startSec, span.startSec + originSec), 3),
      endSec: roundTo(Math.min(endSec, span.endSec + originSec), 3),
    }))
    .filter((span) => span.endSec > span.startSec);
}
