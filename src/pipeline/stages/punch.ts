// The stage `punch`: makes a drum stem tighter. A gate takes down what other instruments left between the hits, then
// attacks are raised band by band. Nothing is compressed or limited, and the level of the whole is not made up.
import * as z from 'zod';
import { bleedGate } from '../../dsp/bands/bleed-gate.js';
import { multiband } from '../../dsp/bands/multiband.js';
import { createChain } from '../../dsp/chain.js';
import { dbToGain, gainToDb, powerToDb, roundTo } from '../../units.js';
import { defineApply, defineStage } from '../stage.js';

const options = z.strictObject({
  thresholdDb: z
    .number()
    .min(3)
    .max(60)
    .default(18)
    .describe('How far below its recent hits a band may be and still passes the gate.'),
  rangeDb: z
    .number()
    .min(0)
    .max(80)
    .default(18)
    .describe('By how much the gate turns a closed band down; 0 leaves the gate out.'),
  attackDb: z
    .number()
    .min(-12)
    .max(12)
    .default(5)
    .describe('Gain of a full attack (12 dB above the level before it); below 0 softens.'),
});

type Options = z.output<typeof options>;

const figureDb = (what: string) => z.number().nullable().describe(`dB. ${what} null: silence.`);

const result = z.strictObject({
  crestFactorBeforeDb: figureDb('Largest sample over the root mean square of all channels.'),
  crestFactorAfterDb: figureDb('The same after the stage.'),
  betweenHitsBeforeDb: figureDb(
    'Level between hits over that of hits: 20th less 95th percentile of the powers over 30 ms.',
  ),
  betweenHitsAfterDb: figureDb('The same after the stage.'),
  peakAfterDbfs: figureDb('Largest sample after the stage, in dBFS.'),
});

/** Kick, snare and toms, sticks, cymbals. */
const CORNERS_HZ = [150, 1200, 6000];
/** Cymbals get harsh sooner than the rest. */
const TOP_ATTACK_SHARE = 0.6;
const BLOCK_FRAMES = 65536;
const LEVEL_MS = 30;
/** Levels are counted in steps of 0.5 dB from −120 dB on. */
const LOWEST_DB = -120;
const STEPS_PER_DB = 2;
const BIN_COUNT = 132 * STEPS_PER_DB;

/** What is measured of a signal on its way: sums, the largest sample, and a histogram of levels over 30 ms. */
interface Levels {
  readonly counts: Uint32Array;
  energy: number;
  samples: number;
  peak: number;
}

const emptyLevels = (): Levels => ({ counts: new Uint32Array(BIN_COUNT), energy: 0, samples: 0, peak: 0 });

const apply = defineApply<
  Options,
  null,
  { readonly before: Levels; readonly after: Levels },
  { readonly before: Levels; readonly after: Levels }
>({
  order: 'sequential',
  rangeSec: 30,
  memoryMb: 30,
  run(context) {
    const { range, sampleRateHz, channelCount, frameCount } = context;
    const { thresholdDb, rangeDb, attackDb } = context.options;
    const reader = context.input('audio');
    const gate = { cornersHz: CORNERS_HZ, thresholdDb, rangeDb };
    const bands = [1, 1, 1, TOP_ATTACK_SHARE].map((share) => ({ transientDb: share * attackDb }));
    const chain = createChain([
      bleedGate.create(bleedGate.options.parse(gate), sampleRateHz, channelCount),
      multiband.create(multiband.options.parse({ cornersHz: CORNERS_HZ, bands }), sampleRateHz, channelCount),
    ]);
    const makeBlock = (frames: number) =>
      Array.from({ length: channelCount }, () => new Float32Array(frames));
    const before = emptyLevels();
    const after = emptyLevels();
    if (context.state === undefined) {
      // What comes out first is the chain's delay.
      const lead = makeBlock(chain.latencyFrames);
      reader.read(0, lead);
      chain.process(lead);
    } else {
      chain.loadState(context.state);
    }
    const levelFrames = Math.max(1, Math.round((LEVEL_MS / 1000) * sampleRateHz));
    const stepFrames = levelFrames * Math.max(1, Math.floor(BLOCK_FRAMES / levelFrames));
    for (let start = range.startFrame; start < range.endFrame; start += stepFrames) {
      const frames = Math.min(stepFrames, range.endFrame - start);
      const block = makeBlock(frames);
      reader.read(start, block);
      measure(block, levelFrames, before);
      reader.read(start + chain.latencyFrames, block);
      chain.process(block);
      measure(block, levelFrames, after);
      context.write('audio', start, block);
      context.progress(start + frames - range.startFrame);
    }
    const isLast = range.endFrame >= frameCount;
    return { part: { before, after }, ...(isLast ? {} : { state: chain.saveState() }) };
  },
  merge(parts) {
    const sum = { before: emptyLevels(), after: emptyLevels() };
    for (const part of parts) {
      add(sum.before, part.before);
      add(sum.after, part.after);
    }
    return sum;
  },
});

function measure(block: readonly Float32Array[], levelFrames: number, into: Levels): void {
  const frames = block[0]!.length;
  for (let from = 0; from < frames; from += levelFrames) {
    const to = Math.min(frames, from + levelFrames);
    let energy = 0;
    for (const samples of block) {
      for (let i = from; i < to; i++) {
        const sample = samples[i]!;
        energy += sample * sample;
        if (Math.abs(sample) > into.peak) into.peak = Math.abs(sample);
      }
    }
    const count = (to - from) * block.length;
    into.energy += energy;
    into.samples += count;
    const levelDb = energy > 0 ? powerToDb(energy / count) : LOWEST_DB;
    const bin = Math.round((levelDb - LOWEST_DB) * STEPS_PER_DB);
    into.counts[Math.min(BIN_COUNT - 1, Math.max(0, bin))]! += 1;
  }
}

function add(sum: Levels, part: Levels): void {
  for (let bin = 0; bin < BIN_COUNT; bin++) sum.counts[bin]! += part.counts[bin]!;
  sum.energy += part.energy;
  sum.samples += part.samples;
  sum.peak = Math.max(sum.peak, part.peak);
}

/** Level in dB below which `share` of the counted levels lie. */
function percentileDb(counts: Uint32Array, share: number): number {
  const wanted = share * counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  let bin = 0;
  while (bin + 1 < BIN_COUNT && below + counts[bin]! < wanted) below += counts[bin++]!;
  return LOWEST_DB + bin / STEPS_PER_DB;
}

function figuresOf({ counts, energy, samples, peak }: Levels) {
  if (energy === 0) return { crestFactorDb: null, betweenHitsDb: null, peakDbfs: null };
  const peakDbfs = gainToDb(peak);
  return {
    crestFactorDb: roundTo(peakDbfs - powerToDb(energy / samples), 1),
    betweenHitsDb: percentileDb(counts, 0.2) - percentileDb(counts, 0.95),
    peakDbfs: roundTo(peakDbfs, 1),
  };
}

/** The stage. */
export const punchStage = defineStage({
  id: 'punch',
  version: 2,
  summary: 'Makes a drum stem tighter: less between the hits, more attack.',
  source: 'Giannoulis, Massberg, Reiss, JAES 60(6), 2012; Linkwitz & Riley, JAES 24(1), 1976',
  options,
  result,
  inputs: () => ['audio'],
  outputs: () => ['audio'],
  estimate: () => ({ realTimeFactor: 0.03, memoryMb: 60 }),
  passes: { apply },
  async run(job) {
    const { channelCount } = job.inputs.audio!;
    const levels = await job.apply(apply, null, { audio: { channelCount } });
    const before = figuresOf(levels.before);
    const after = figuresOf(levels.after);
    if (levels.after.peak > dbToGain(0))
      job.note('info', `attacks reach ${after.peakDbfs} dBFS: they need headroom`);
    return {
      data: {
        crestFactorBeforeDb: before.crestFactorDb,
        crestFactorAfterDb: after.crestFactorDb,
        betweenHitsBeforeDb: before.betweenHitsDb,
        betweenHitsAfterDb: after.betweenHitsDb,
        peakAfterDbfs: after.peakDbfs,
      },
    };
  },
});
