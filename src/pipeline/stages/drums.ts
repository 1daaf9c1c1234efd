// Plays a session drummer along a file: the drummer's stem has the file's length and rate. With `followStem` the kick
// follows the attacks of that stem. Beats are not sought here: the tempo and the first beat are options.
import * as z from 'zod';
import { KitBank, KitPlayer, type KitStroke, RENDER_BLOCK_FRAMES } from '../../dsp/drum-kit/kit-player.js';
import { loadDrummer } from '../../models/drummer.js';
import { gridOf, parseMeter } from '../../players/meter.js';
import { perform } from '../../players/performance.js';
import { KITS, loadPersona } from '../../players/persona.js';
import { MAX_TEMPO_BPM, METERS, MIN_TEMPO_BPM } from '../../players/player-limits.js';
import { TempoMap } from '../../players/tempo-map.js';
import { framesToSec, secToFrames } from '../../units.js';
import { followOf } from '../follow-audio.js';
import { defineApply, defineScan, defineStage } from '../stage.js';

/** The longest room of a kit is 60 dB down after 0.56 s; here it is 200 dB down. */
const WARM_UP_SEC = 2;
const MAX_BARS = 4000;

const percent = z.number().min(0).max(100);

const options = z.strictObject({
  persona: z.string().min(1).default('kyle').describe('A persona by name, or a YAML file.'),
  tempoBpm: z
    .number()
    .min(MIN_TEMPO_BPM)
    .max(MAX_TEMPO_BPM)
    .optional()
    .describe("Tempo of the file; the persona's own unless given."),
  firstBeatSec: z.number().min(0).default(0).describe('Time of the first beat of the first bar.'),
  meter: z.enum(METERS).optional().describe("Meter of the file; the persona's first unless given."),
  complexityPercent: percent.optional().describe('Simple to complex.'),
  dynamicsPercent: percent.optional().describe('Quiet to loud.'),
  kit: z.enum(KITS).optional().describe("Kit; the persona's own unless given."),
  followStem: z.string().min(1).optional().describe('Stem, such as bass, whose attacks the kick follows.'),
});

type Options = z.output<typeof options>;

interface Playing {
  readonly strokes: readonly KitStroke[];
  readonly kit: (typeof KITS)[number];
  readonly barCount: number;
}

const play = defineScan<Options, null, Playing, Playing>({
  order: 'sequential',
  rangeSec: (_, { frameCount, sampleRateHz }) => Math.max(1, frameCount / sampleRateHz + 1),
  memoryMb: 120,
  async run(context) {
    const { sampleRateHz, frameCount, seed } = context;
    const { persona: name, tempoBpm, firstBeatSec, meter, followStem, ...wished } = context.options;
    const persona = loadPersona(name);
    const grid = gridOf(parseMeter(meter ?? persona.meters[0]!), persona.grid === 'triplets');
    const quartersPerMinute = (tempoBpm ?? persona.tempoBpm.default) * grid.beatQuarters;
    const barSec = (grid.stepCount * grid.stepQuarters * 60) / quartersPerMinute;
    const playedSec = framesToSec(frameCount, sampleRateHz) - firstBeatSec;
    const barCount = Math.min(MAX_BARS, Math.max(0, Math.ceil(playedSec / barSec)));
    const kit = wished.kit ?? persona.kit;
    if (barCount === 0) return { part: { strokes: [], kit, barCount } };
    const model = await context.resource('drummer', () => loadDrummer());
    const { events } = await perform({
      model,
      persona,
      meter: grid.meter,
      sections: [{ label: '', bars: barCount }],
      tempoMap: new TempoMap([{ atQuarter: 0, quartersPerMinute }], firstBeatSec),
      overrides: {
        seed,
        ...(wished.complexityPercent === undefined ? {} : { complexityPercent: wished.complexityPercent }),
        ...(wished.dynamicsPercent === undefined ? {} : { dynamicsPercent: wished.dynamicsPercent }),
      },
      ...(followStem === undefined ? {} : { follow: followOf(context.input(followStem)) }),
    });
    context.progress(frameCount);
    const strokes = events.map(({ sound, timeSec, velocity, durationSec }) => ({
      sound,
      timeSec,
      velocity,
      durationSec,
    }));
    return { part: { strokes, kit, barCount } };
  },
  merge: ([part]) => part ?? { strokes: [], kit: 'rock', barCount: 0 },
});

const render = defineApply<Options, Playing, null, null>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 80,
  async run(context) {
    const { range, params, sampleRateHz } = context;
    const bank = await context.resource(
      `kit ${params.kit} ${sampleRateHz}`,
      () => new KitBank(params.kit, sampleRateHz),
    );
    const warmUp = Math.min(range.startFrame, secToFrames(WARM_UP_SEC, sampleRateHz));
    let start = range.startFrame - warmUp;
    const player = new KitPlayer(bank, params.strokes, RENDER_BLOCK_FRAMES, start);
    while (start < range.endFrame) {
      const limit = start < range.startFrame ? range.startFrame : range.endFrame;
      const frames = Math.min(RENDER_BLOCK_FRAMES, limit - start);
      const block = [new Float64Array(frames), new Float64Array(frames)] as const;
      player.process(...block);
      if (start >= range.startFrame) {
        context.write('drummer', start, block);
        context.progress(start + frames - range.startFrame);
      }
      start += frames;
    }
    return { part: null };
  },
  merge: () => null,
});

const result = z.object({
  persona: z.string().describe('Who played.'),
  barCount: z.number().describe('Bars from the first beat to the end of the file.'),
  strokeCount: z.number().describe('Strokes of all drums.'),
});

/** The stage. */
export const drumsStage = defineStage({
  id: 'drums',
  version: 1,
  summary: 'Play a session drummer along the file, as a stem named drummer.',
  source: "forge's own network (training/drummer), rules and synthesised kit",
  options,
  result,
  estimate: () => ({ realTimeFactor: 0.02, memoryMb: 120 }),
  inputs: ({ followStem }) => ['mix', ...(followStem === undefined ? [] : [followStem])],
  outputs: () => ['drummer'],
  passes: { play, render },
  async run(job) {
    const playing = await job.scan(play, null);
    await job.apply(render, playing, { drummer: { channelCount: 2 } });
    const { strokes, barCount } = playing;
    return { data: { persona: job.options.persona, barCount, strokeCount: strokes.length } };
  },
});
