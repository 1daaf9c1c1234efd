// The stage `master`: measures the mix, finds gain and limiting that reach each target, renders, encodes, and measures
// what was written. A true peak above the ceiling (by dither, rate conversion or a lossy codec) lowers the ceiling and
// renders again.
import { z } from 'zod';
import { dynamicsFigures } from '../../dsp/levels/figures.js';
import { limiter } from '../../dsp/limiter/limiter.js';
import { loudnessFigures } from '../../dsp/loudness/programme.js';
import type { ErrorRecord } from '../../errors.js';
import { roundTo } from '../../units.js';
import { loadMasterTarget, type MasterTarget } from '../master-target.js';
import { type AudioRef, defineStage, type Json, type StageJob } from '../stage.js';
import { loudnessReport, spectrumReport } from './analyze-report.js';
import { checkTarget, LOUDNESS_TOLERANCE_LU } from './master-checks.js';
import { renderPass, tryPass } from './master-passes.js';
import { masterSchema } from './master-schema.js';
import { type FoundGain, findGain } from './master-search.js';
import { measurePass, type ProgrammeMeasures } from './measure-pass.js';

const options = z.strictObject({
  preset: z
    .string()
    .min(1)
    .default('spotify')
    .describe('Target to make the master for, by name or as the path of a YAML file.'),
});

type Job = StageJob<z.output<typeof options>>;

/** Kept below the ceiling from the start: dither at 16 bits alone adds 0.0005 dB. */
const HEADROOM_DB = 0.005;
/** Renders at most, for one target: the first, and those after a ceiling was lowered. */
const MAX_RENDERS = 4;

/** The stage. */
export const masterStage = defineStage({
  id: 'master',
  version: 1,
  summary: 'Brings a mix to the loudness and under the peaks of a target, and proves it on the written file.',
  source: 'ITU-R BS.1770-5; EBU R 128; AES TD1008',
  options,
  result: masterSchema,
  inputs: () => ['mix'],
  outputs: () => ['master'],
  delivers: true,
  estimate: () => ({ realTimeFactor: 0.02, memoryMb: 80 }),
  passes: { measure: measurePass, try: tryPass, render: renderPass },
  async run(job) {
    const target = loadMasterTarget(job.options.preset);
    const mix = job.inputs.mix!;
    const before = await measure(job, mix);
    const { entry, missed } = await makeMaster(job, target, mix, before);
    if (missed.length === 0) return { data: entry };
    const record: ErrorRecord = {
      code: 'target/missed',
      message: `${target.id}: ${missed.join('; ')}`,
      hint: 'Choose a quieter target, or one that allows more gain reduction.',
    };
    return { data: entry, missed: record };
  },
});

function measure(job: Job, audio: AudioRef): Promise<ProgrammeMeasures> {
  const params = { role: 'mix', isWithLevels: true, isWithSpectrum: true };
  return job.scan(measurePass, params, { mix: audio });
}

interface MadeMaster {
  readonly entry: Json;
  /** One line per rule that the written file does not hold. */
  readonly missed: readonly string[];
}

async function makeMaster(
  job: Job,
  target: MasterTarget,
  mix: AudioRef,
  before: ProgrammeMeasures,
): Promise<MadeMaster> {
  const { sampleRateHz, channelCount } = mix;
  const figures = loudnessFigures(before.loudness, sampleRateHz);
  const detection = target.truePeakDbtp === null ? 'sample-peak' : 'true-peak';
  const ceilingRuleDb = target.truePeakDbtp ?? target.samplePeakDbfs;
  const peakDb = detection === 'true-peak' ? figures.truePeakDbtp : figures.samplePeakDbfs;

  let ceilingDb = ceilingRuleDb - HEADROOM_DB;
  let offsetLu = 0;
  let found: FoundGain | undefined;
  let written: AudioRef;
  let after: ProgrammeMeasures;
  let reductionDb = 0;
  for (let renders = 1; ; renders++) {
    found = await chooseGain(job, target, figures, peakDb, ceilingDb, offsetLu, found?.gainDb);
    const settings = limiter.options.parse({ inputGainDb: found.gainDb, ceilingDb, detection });
    const limited = await job.apply(renderPass, { limiter: settings }, { master: { channelCount } });
    reductionDb = limited.largestReductionDb;
    written = await job.encode('master', job.delivery);
    after = await measure(job, written);
    const result = loudnessFigures(after.loudness, written.sampleRateHz);
    const resultPeakDb = detection === 'true-peak' ? result.truePeakDbtp : result.samplePeakDbfs;
    const overshootDb = (resultPeakDb ?? Number.NEGATIVE_INFINITY) - ceilingRuleDb;
    const errorLu = result.integratedLufs === null ? 0 : result.integratedLufs - found.integratedLufs;
    const isOff = Math.abs(errorLu) > LOUDNESS_TOLERANCE_LU / 2;
    if ((overshootDb <= 0 && !isOff) || renders === MAX_RENDERS) break;
    if (overshootDb > 0) ceilingDb -= overshootDb + HEADROOM_DB;
    if (isOff) offsetLu -= errorLu;
  }

  const loudnessAfter = loudnessFigures(after.loudness, written.sampleRateHz);
  const checks = checkTarget(target, loudnessAfter, dynamicsFigures(after.levels!));
  const failed = checks.filter((check) => check.pass === false);
  const entry = {
    preset: target.id,
    target: describeTarget(target),
    before: {
      loudness: loudnessReport(before.loudness, sampleRateHz),
      spectrum: spectrumReport(before.spectrum!, channelCount, sampleRateHz),
    },
    after: {
      loudness: loudnessReport(after.loudness, written.sampleRateHz),
      spectrum: spectrumReport(after.spectrum!, written.channelCount, written.sampleRateHz),
    },
    gainDb: roundTo(found.gainDb, 3),
    chain: describeChain(found, ceilingDb, detection, reductionDb, target),
    checks,
  };
  const missed = failed.map(({ rule, measured, limit }) => {
    const bounds = [limit.min, limit.max].filter((bound) => bound !== undefined).join(' to ');
    return `${rule} is ${measured}, expected ${limit.min === undefined ? 'at most ' : ''}${bounds}`;
  });
  if (loudnessAfter.integratedLufs === null && target.integratedLufs !== null) {
    missed.push('there is no sound above −70 LUFS to measure');
  }
  return { entry: entry as unknown as Json, missed };
}

type Figures = ReturnType<typeof loudnessFigures>;

async function chooseGain(
  job: Job,
  target: MasterTarget,
  figures: Figures,
  peakDb: number | null,
  ceilingDb: number,
  offsetLu: number,
  startGainDb: number | undefined,
): Promise<FoundGain> {
  const { integratedLufs } = figures;
  if (integratedLufs === null || peakDb === null || target.integratedLufs === null) {
    return { gainDb: 0, integratedLufs: integratedLufs ?? 0, isLinear: true, isAtLimit: false };
  }
  const detection = target.truePeakDbtp === null ? 'sample-peak' : 'true-peak';
  const { sampleRateHz } = job.inputs.mix!;
  const found = await findGain({
    targetLufs: target.integratedLufs + offsetLu,
    integratedLufs,
    peakDb,
    ceilingDb,
    maxGainReductionDb: target.maxGainReductionDb,
    ...(startGainDb === undefined ? {} : { startGainDb }),
    async evaluate(gainDb) {
      const settings = limiter.options.parse({ inputGainDb: gainDb, ceilingDb, detection });
      const tried = await job.scan(tryPass, { limiter: settings });
      return loudnessFigures(tried.loudness, sampleRateHz).integratedLufs;
    },
  });
  return { ...found, integratedLufs: found.integratedLufs - offsetLu };
}

function describeTarget(target: MasterTarget): Json {
  const { summary, source, date, ...figures } = target;
  return { ...figures, source, date, summary } as unknown as Json;
}

function describeChain(
  found: FoundGain,
  ceilingDb: number,
  detection: string,
  reductionDb: number,
  target: MasterTarget,
): Json {
  const gain = {
    device: 'gain',
    settings: { gainDb: roundTo(found.gainDb, 3) },
    reason: found.isLinear
      ? `Gain alone brings the mix to ${target.integratedLufs} LUFS under the ceiling.`
      : `Gain into the limiter, found by search for ${target.integratedLufs} LUFS after it.`,
  };
  if (found.isLinear) return [gain];
  return [
    gain,
    {
      device: 'limiter',
      settings: { ceilingDb: roundTo(ceilingDb, 3), detection },
      reason: found.isAtLimit
        ? `Takes ${reductionDb.toFixed(2)} dB off the highest peak, the most that the target allows.`
        : `Takes ${reductionDb.toFixed(2)} dB off the highest peak.`,
    },
  ];
}
