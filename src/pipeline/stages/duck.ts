// The stage `duck`: a bed of music or ambience under a voice. Finds the speech, plans gain and dips from what both
// measure, writes the bed, corrects the plan where what was written is off, and makes the mix where asked.
// It does not clean the voice and does not master: denoise and master do.
import { controlCount } from '../../dsp/duck/control.js';
import { mixChannelCount } from '../../dsp/duck/ducked-reader.js';
import type { PlannedPhrase } from '../../dsp/duck/gain-curve.js';
import { planPhrases } from '../../dsp/duck/phrases.js';
import {
  type DuckWish,
  type HeardPair,
  type ReachedPhrase,
  reachedDifferences,
} from '../../dsp/duck/plan-duck.js';
import { integratedLoudness } from '../../dsp/loudness/gating.js';
import type { MusicFeatures } from '../../dsp/music-features.js';
import { resampledFrameCount } from '../../dsp/resample.js';
import { type ErrorRecord, ForgeError } from '../../errors.js';
import { dbToPower, secToFrames } from '../../units.js';
import { bothOf } from '../in-lanes.js';
import { type AudioRef, defineStage, type Json, type StageJob, type StageOutcome } from '../stage.js';
import { sileroNeed, voiceActivityPasses } from '../voice-activity.js';
import { noteLengths, noteVocals } from './duck-notes.js';
import { type DuckOptions, duckOptions, isLevelled, isRidden, wantedDifferenceLu } from './duck-options.js';
import { bedPass, type DuckScene, listenPass, mixPass, type PairEnergies } from './duck-passes.js';
import { type PlanPart, type PlanSummary, planPass } from './duck-plan.js';
import { describeDuck } from './duck-report.js';
import { duckSchema } from './duck-schema.js';
import { needsLoop, planTimeline } from './duck-timeline.js';
import { type HeardVoice, hashVoice, hearVoice, openVoice } from './duck-voice.js';
import { measurePass } from './measure-pass.js';
import { featuresPass, MUSIC_MODEL, musicPass } from './music-pass.js';
import { speechLevelPass } from './speech-level-pass.js';

type Job = StageJob<DuckOptions>;

/** Stems that carry the beat, and go down less. */
const RHYTHM_STEMS = ['drums', 'bass'];
/** A phrase shall lie so near to the wanted difference. */
const TOLERANCE_LU = 0.5;
/** A rendering that is off by more is corrected, at most so often. */
const CLOSE_LU = 0.2;
const MAX_CORRECTIONS = 2;
/** Phrases shorter than this are too short for a promise. */
const SHORT_PHRASE_SEC = 1;
/** Most that a bed or a voice is raised. */
const MAX_RAISE_DB = 30;

/** The stage. */
export const duckStage = defineStage({
  id: 'duck',
  version: 3,
  summary: 'Lowers and carves a bed under a voice, so that both are heard.',
  source:
    'Torcoli et al. 2019 (differences); ITU-R BS.1770-5; masking after Zwicker & Fastl; Silero VAD where it is installed',
  options: duckOptions,
  result: duckSchema,
  adapt: (options, { available }) => ({
    ...options,
    stemNames: options.stems ? stemsToUse(available) : [],
    voiceSha256: hashVoice(options.voice),
  }),
  inputs: ({ stemNames }) => ['audio', ...stemNames],
  outputs: ({ mix }) => (mix ? ['bed', 'mix'] : ['bed']),
  files: { bed: 'bed', mix: 'mix' },
  models: ({ detector, ending, releaseBeats }) => [
    ...sileroNeed(detector),
    ...(ending === 'loop' || releaseBeats !== undefined ? [MUSIC_MODEL] : []),
  ],
  estimate: ({ mix }) => ({ realTimeFactor: mix ? 0.03 : 0.025, memoryMb: 200 }),
  passes: {
    measure: measurePass,
    features: featuresPass,
    music: musicPass,
    ...voiceActivityPasses,
    listen: listenPass,
    plan: planPass,
    voiceLevels: speechLevelPass,
    bed: bedPass,
    mix: mixPass,
  },
  async run(job) {
    const { voice, voiceSha256 } = job.options;
    return duck(job, await openVoice(voice, voiceSha256, job.scratchDir));
  },
});

function stemsToUse(available: readonly string[]): string[] {
  const names = [...RHYTHM_STEMS, 'vocals'].filter((name) => available.includes(name));
  if (names.length > 0) return names;
  throw new ForgeError(
    'preset/invalid',
    'stage duck with stems needs drums, bass or vocals, which no stage before it makes',
    {
      hint: 'Put a separate stage before it, as `forge duck --stems` does.',
    },
  );
}

async function duck(job: Job, voice: AudioRef): Promise<StageOutcome> {
  const { options } = job;
  const bed = job.inputs.audio!;
  const voiceAtFrame = secToFrames(options.voiceAtSec, bed.sampleRateHz);
  const voiceEndFrame =
    voiceAtFrame + resampledFrameCount(voice.frameCount, voice.sampleRateHz, bed.sampleRateHz);
  const rhythm = await hearRhythm(job, needsLoop(options, bed, voiceEndFrame));
  const timeline = planTimeline(options, bed, voiceEndFrame, rhythm?.downbeatsSec ?? []);
  const sceneOf = (voiceRideDb?: Float32Array): DuckScene => ({
    timeline,
    voiceAtFrame,
    restRoles: options.stemNames.filter((name) => RHYTHM_STEMS.includes(name)),
    hasVocals: options.stemNames.includes('vocals'),
    ...(voiceRideDb === undefined ? {} : { voiceRideDb }),
  });
  const { frameCount } = timeline;
  const inputs = {
    ...job.inputs,
    audio: { ...bed, frameCount, key: `${bed.key}/${frameCount}` },
    voice,
  };
  // The network goes through the voice in order, on one core; the others measure and hear both files meanwhile. Only
  // where the leveller has to be through first, one comes after the other.
  const hearingVoice = hearVoice(job, voice);
  const hearing = isRidden(options)
    ? hearingVoice.then(({ rideDb }) => job.scan(listenPass, sceneOf(rideDb), inputs))
    : job.scan(listenPass, sceneOf(), inputs);
  const [heardVoice, heard] = await bothOf(hearingVoice, hearing);
  const scene = sceneOf(heardVoice.rideDb);
  noteLengths(job, bed, voiceEndFrame, (rhythm?.downbeatsSec.length ?? 0) > 1);
  const wish = wishOf(options, heard, heardVoice, bed.sampleRateHz, frameCount, releaseOf(options, rhythm));
  noteVocals(job, heard, wish);
  const { plan, reached } = await settlePlan(job, heard.voice, wish, scene, inputs);
  const limiterReductionDb = options.mix ? await mixDown(job, voice, scene, wish.voiceDb) : null;

  const missed = missedPhrases(plan.phrases, reached, wish.settings.differenceLu);
  const data = describeDuck({
    options,
    voice: heardVoice,
    wish,
    plan,
    reached,
    timeline,
    sampleRateHz: bed.sampleRateHz,
    tempoBpm: options.tempoBpm ?? rhythm?.tempoBpm ?? null,
    isOnBars: (rhythm?.downbeatsSec.length ?? 0) > 1,
    limiterReductionDb,
  }) as unknown as Json;
  return missed === undefined ? { data } : { data, missed };
}

/** Tempo and bars of the bed, where something asks for them. */
async function hearRhythm(
  job: Job,
  isLooped: boolean,
): Promise<{ readonly tempoBpm: number | null; readonly downbeatsSec: readonly number[] } | undefined> {
  const { releaseBeats, tempoBpm } = job.options;
  if (!isLooped && (releaseBeats === undefined || tempoBpm !== undefined)) return undefined;
  await job.scan(featuresPass, { role: 'audio' });
  const { rhythm } = await job.scan(musicPass, {
    features: job.recorded<MusicFeatures>(featuresPass),
    given: tempoBpm === undefined ? {} : { tempoBpm },
  });
  return rhythm;
}

function releaseOf(
  { releaseBeats, releaseMs, tempoBpm }: DuckOptions,
  rhythm: { readonly tempoBpm: number | null } | undefined,
): number {
  const tempo = tempoBpm ?? rhythm?.tempoBpm ?? null;
  return releaseBeats === undefined || tempo === null ? releaseMs / 1000 : (60 / tempo) * releaseBeats;
}

/** What the planning is asked for. */
function wishOf(
  options: DuckOptions,
  heard: PairEnergies,
  voice: HeardVoice,
  sampleRateHz: number,
  frameCount: number,
  releaseSec: number,
): DuckWish {
  const levelled = isLevelled(options);
  const voiceLufs =
    voice.rideDb === undefined ? voice.integratedLufs : integratedLoudness(hopsOf(heard.voice));
  const raise = (integratedLufs: number | null) =>
    !levelled || integratedLufs === null ? 0 : Math.min(MAX_RAISE_DB, options.voiceLufs - integratedLufs);
  const bedLufs = integratedLoudness(hopsOf(heard.whole ?? heard.bed));
  // A bed that is louder than the voice as it is may go so much deeper.
  const louderLu = levelled || bedLufs === null || voiceLufs === null ? 0 : bedLufs - voiceLufs;
  return {
    voiceDb: raise(voiceLufs),
    bedDb: raise(bedLufs),
    phrases: planPhrases(
      voice.found.segments,
      options.holdMs / 1000,
      options.voiceAtSec,
      controlCount(frameCount, sampleRateHz),
    ),
    settings: {
      differenceLu: wantedDifferenceLu(options),
      maxDepthDb: options.maxDepthDb + Math.max(0, louderLu),
      attackSec: options.attackMs / 1000,
      releaseSec,
      lookaheadSec: options.lookaheadMs / 1000,
      restShare: options.rhythmDepthPercent / 100,
    },
    carve: {
      strength: options.carve,
      lowHz: options.carveLowHz,
      highHz: options.carveHighHz,
      sampleRateHz,
    },
  };
}

/** Mean squares of 100 ms from those of 50 ms. */
function hopsOf(energies: Float32Array): Float64Array {
  return Float64Array.from(
    { length: Math.floor(energies.length / 2) },
    (_, k) => (energies[2 * k]! + energies[2 * k + 1]!) / 2,
  );
}

interface SettledPlan {
  readonly plan: PlanSummary;
  readonly reached: readonly ReachedPhrase[];
}

/** Plans, renders, and renders again where the written bed shows a phrase to be off. */
async function settlePlan(
  job: Job,
  voiceEnergies: Float32Array,
  wish: DuckWish,
  scene: DuckScene,
  inputs: Readonly<Record<string, AudioRef>>,
): Promise<SettledPlan> {
  const heard = job.recorded<HeardPair>(listenPass);
  const voiceGain = dbToPower(wish.voiceDb);
  const voice = voiceEnergies.map((energy) => energy * voiceGain);
  const correctionsLu = wish.phrases.map(() => 0);
  const outputs = { bed: { channelCount: inputs.audio!.channelCount } };
  for (let round = 0; ; round++) {
    const plan = await job.scan(planPass, { heard, wish, correctionsLu: [...correctionsLu] }, inputs);
    const params = {
      ...scene,
      planned: job.recorded<PlanPart>(planPass),
      parts: plan.parts,
      restShare: wish.settings.restShare,
      levelDb: wish.bedDb,
    };
    const energies = await job.apply(bedPass, params, outputs, inputs);
    const reached = reachedDifferences(voice, energies, wish.phrases);
    let worst = 0;
    for (const [p, { differenceLu: planned, limitedBy }] of plan.phrases.entries()) {
      const measured = reached[p]!.differenceLu;
      if (planned === null || measured === null) continue;
      correctionsLu[p] = correctionsLu[p]! + planned - measured;
      if (limitedBy === null) worst = Math.max(worst, Math.abs(planned - measured));
    }
    if (worst <= CLOSE_LU || round === MAX_CORRECTIONS) return { plan, reached };
  }
}

async function mixDown(job: Job, voice: AudioRef, scene: DuckScene, voiceDb: number): Promise<number> {
  const bed = job.output('bed');
  const channelCount = mixChannelCount(bed.channelCount, voice.channelCount);
  const { ceilingDbtp } = job.options;
  return job.apply(
    mixPass,
    { ...scene, voiceDb, ceilingDbtp },
    { mix: { channelCount } },
    { ...job.inputs, audio: bed, voice },
  );
}

/** Phrases that should reach the difference and do not, as the error of a missed target. */
function missedPhrases(
  phrases: readonly PlannedPhrase[],
  reached: readonly ReachedPhrase[],
  wantedLu: number,
): ErrorRecord | undefined {
  const missed = phrases.filter(({ first, end, limitedBy }, p) => {
    const { differenceLu } = reached[p]!;
    const isLong = (end - first) / 20 > SHORT_PHRASE_SEC;
    if (differenceLu === null || !isLong || limitedBy === 'bed-quieter') return false;
    return Math.abs(differenceLu - wantedLu) > TOLERANCE_LU;
  });
  if (missed.length === 0) return undefined;
  const places = missed.slice(0, 5).map(({ first }) => `${(first / 20).toFixed(1)} s`);
  const isDeep = missed.some(({ limitedBy }) => limitedBy === 'depth');
  return {
    code: 'target/missed',
    message: `${missed.length} of ${phrases.length} phrases do not reach ${wantedLu} LU: at ${places.join(', ')}`,
    hint: isDeep
      ? 'Raise --max-depth-db, or ask for a smaller difference.'
      : 'Lengthen --hold-ms, so that close phrases become one.',
  };
}
