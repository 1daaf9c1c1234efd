// Saturation without aliases: a soft curve at the eightfold rate. Only what the curve adds to the signal comes back
// through the filters; the signal itself passes beside them, delayed, so nothing is lost of its top. A bias makes even
// harmonics. The curve is smooth, and its harmonics have died away long before they reach the eightfold rate.
import * as z from 'zod';
import { dbToGain } from '../../units.js';
import { createBlockDevice } from '../block-device.js';
import { kaiserLowPass } from '../kaiser.js';
import { createKernels, type Kernels } from '../kernels/instance.js';
import { defineProcessor, type Processor } from '../processor.js';

const options = z.strictObject({
  driveDb: z
    .number()
    .min(-12)
    .max(18)
    .default(0)
    .describe('Gain into the curve, taken back behind it: small signals keep their level.'),
  evenPercent: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .describe('How lopsided the curve is: 0 makes odd harmonics alone, 100 is a bias of half the knee.'),
  mixPercent: z.number().min(0).max(100).default(100).describe('Share of what the curve adds.'),
});

export type SaturatorOptions = z.output<typeof options>;

const BLOCK_FRAMES = 512;
const STOP_BAND_DB = 106;
/** Half-band filters up and down at the doubled, fourfold and eightfold rates: pairs of taps. */
const PAIRS_2X = 21;
const PAIRS_4X = 7;
const PAIRS_8X = 5;
/** The last filter down is steeper: it passes 0.417 of the rate and stops from 0.5 on. */
const HALF_LAST = 80;
const LAST_CUTOFF = 0.2292;
/** Delays that add up to whole frames; one of eight at the lowest rate is the sum of all. */
const LATE_8X = 7;
const LATENCY_FRAMES = PAIRS_2X + PAIRS_4X / 2 + PAIRS_8X / 4 + LATE_8X / 4 + PAIRS_4X / 2 + HALF_LAST;
/** Corner of the filter that takes the offset of a lopsided curve away. */
const OFFSET_CUTOFF_HZ = 5;
const FULL_BIAS = 0.5;

export const saturator = defineProcessor<SaturatorOptions>({
  id: 'saturator',
  summary: 'Adds harmonics by a soft curve at the eightfold rate.',
  source: 'Padé approximant of tanh, order 3/2; polyphase half-band filters (Vaidyanathan 1993, §4.6)',
  options,
  create: createSaturator,
});

export function createSaturator(
  settings: SaturatorOptions,
  sampleRateHz: number,
  channelCount: number,
): Processor {
  const drive = dbToGain(settings.driveDb);
  const bias = (FULL_BIAS * settings.evenPercent) / 100;
  const scale = 1 / (drive * softCurveSlope(bias));
  const mix = settings.mixPercent / 100;
  const kernels = createKernels(LANE_BYTES * channelCount + 16_384);
  const filters = designFilters(kernels);
  const lanes = Array.from({ length: channelCount }, () => createLane(kernels, filters));
  const blockers = Array.from({ length: channelCount }, () => kernels.f64(1));
  const follow = 1 - Math.exp((-2 * Math.PI * OFFSET_CUTOFF_HZ) / sampleRateHz);
  const { addedAtDoubleRate, blendAdded } = kernels.functions;
  // What the curve gives for silence, in the kernel's own arithmetic, so that silence stays exactly silent.
  const [silence, taps, probe] = [kernels.f32(48).subarray(32), filters.up8x, kernels.f32(16)];
  const [from, into] = [silence.byteOffset, probe.byteOffset];
  addedAtDoubleRate(from, into, into, 16, taps.byteOffset, taps.length, drive, bias, 0, 1);
  const curve = { drive, bias, offset: probe[0]!, scale };

  return createBlockDevice({
    blockFrames: BLOCK_FRAMES,
    latencyFrames: LATENCY_FRAMES,
    channels: lanes.map(({ news }) => news),
    processBlock() {
      for (const [channel, lane] of lanes.entries()) {
        const added = lane.added(curve);
        blendAdded(
          lane.dry.byteOffset,
          added.byteOffset,
          added.byteOffset,
          BLOCK_FRAMES,
          mix,
          follow,
          blockers[channel]!.byteOffset,
        );
        lane.shift();
        lane.news.set(added);
      }
    },
    stateArrays: [...lanes.flatMap((lane) => lane.stateArrays), ...blockers],
  });
}

/** The curve for values of any size. */
export function softCurve(u: number): number {
  const v = Math.min(3, Math.max(-3, u));
  return (v * (27 + v * v)) / (27 + 9 * v * v);
}

function softCurveSlope(u: number): number {
  const square = u * u;
  return ((27 + 3 * square) * (27 + 9 * square) - (27 * u + u * square) * 18 * u) / (27 + 9 * square) ** 2;
}

/** Taps at odd distances of half-band filters by rate, and those of the last filter down. */
interface Filters {
  readonly up2x: Float32Array;
  readonly up4x: Float32Array;
  readonly up8x: Float32Array;
  readonly down8x: Float32Array;
  readonly down4x: Float32Array;
  readonly down2x: {
    readonly centre: number;
    readonly evenTaps: Float32Array;
    readonly oddTaps: Float32Array;
  };
}

interface Curve {
  readonly drive: number;
  readonly bias: number;
  readonly offset: number;
  readonly scale: number;
}

function designFilters(kernels: Kernels): Filters {
  const store = (values: Float64Array): Float32Array => {
    const array = kernels.f32(values.length);
    array.set(values);
    return array;
  };
  /** All taps at even distances but the middle are nothing. */
  const halfBand = (pairs: number, gain: number): Float32Array => {
    const taps = kaiserLowPass(2 * pairs - 1, 0.25, STOP_BAND_DB);
    return store(Float64Array.from({ length: pairs }, (_, k) => gain * taps[2 * k + 1]!));
  };
  const last = kaiserLowPass(HALF_LAST, LAST_CUTOFF, STOP_BAND_DB);
  return {
    up2x: halfBand(PAIRS_2X, 2),
    up4x: halfBand(PAIRS_4X, 2),
    up8x: halfBand(PAIRS_8X, 2),
    down8x: halfBand(PAIRS_8X, 1),
    down4x: halfBand(PAIRS_4X, 1),
    down2x: {
      centre: last[0]!,
      evenTaps: store(last.filter((_, k) => k > 0 && k % 2 === 0)),
      oddTaps: store(last.filter((_, k) => k % 2 === 1)),
    },
  };
}

/** Frames of history that every stage keeps; more than any filter reaches back. */
const HISTORY_FRAMES = 192;
/** Kernel memory of a lane: nine arrays with history and one without, 22 blocks together. */
const LANE_BYTES = 4 * (22 * BLOCK_FRAMES + 9 * HISTORY_FRAMES) + 10 * 80;

/** The way of one channel up to the eightfold rate and down again. */
function createLane(kernels: Kernels, filters: Filters) {
  const { doubleRate, addedAtDoubleRate, halveApart, halveSteeply } = kernels.functions;
  const stage = (frames: number) => {
    const whole = kernels.f32(HISTORY_FRAMES + frames);
    const news = whole.subarray(HISTORY_FRAMES);
    return { whole, news, at: news.byteOffset };
  };
  const n = BLOCK_FRAMES;
  const base = stage(n);
  const rate2x = stage(2 * n);
  const rate4x = stage(4 * n);
  const [even8x, odd8x] = [stage(4 * n), stage(4 * n)];
  const [even4x, odd4x] = [stage(2 * n), stage(2 * n)];
  const [even2x, odd2x] = [stage(n), stage(n)];
  const out = kernels.f32(n);
  const stages = [base, rate2x, rate4x, even8x, odd8x, even4x, odd4x, even2x, odd2x];
  const { up2x, up4x, up8x, down8x, down4x, down2x } = filters;
  const { centre, evenTaps, oddTaps } = down2x;
  const [evenAt, oddAt] = [evenTaps.byteOffset, oddTaps.byteOffset];

  return {
    /** Where the newest frames come in. */
    news: base.news,
    /** The signal beside the filters, as late as they are. */
    dry: base.whole.subarray(HISTORY_FRAMES - LATENCY_FRAMES, HISTORY_FRAMES - LATENCY_FRAMES + n),
    stateArrays: stages.map(({ whole }) => whole.subarray(0, HISTORY_FRAMES)),
    /** What the curve adds to the newest frames. */
    added({ drive, bias, offset, scale }: Curve): Float32Array {
      doubleRate(base.at, rate2x.at, n, up2x.byteOffset, PAIRS_2X);
      doubleRate(rate2x.at, rate4x.at, 2 * n, up4x.byteOffset, PAIRS_4X);
      const at8x = up8x.byteOffset;
      addedAtDoubleRate(rate4x.at, even8x.at, odd8x.at, 4 * n, at8x, PAIRS_8X, drive, bias, offset, scale);
      halveApart(even8x.at, odd8x.at, even4x.at, odd4x.at, 4 * n, down8x.byteOffset, PAIRS_8X, LATE_8X);
      halveApart(even4x.at, odd4x.at, even2x.at, odd2x.at, 2 * n, down4x.byteOffset, PAIRS_4X, PAIRS_4X);
      halveSteeply(even2x.at, odd2x.at, out.byteOffset, n, centre, evenAt, oddAt, evenTaps.length, HALF_LAST);
      return out;
    },
    shift(): void {
      for (const { whole, news } of stages) whole.copyWithin(0, news.length);
    },
  };
}
