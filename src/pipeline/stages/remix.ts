// Puts restored stems back into the mix: the mix minus what restoration took out of them.
// Method: mix + Σ (after − before) over the stems that changed, in float64, so that what no stage touched keeps the
// very samples of the mix; no levels are changed and nothing is limited.
import * as z from 'zod';
import { ForgeError } from '../../errors.js';
import { powerToDb, roundTo } from '../../units.js';
import { defineApply, defineStage } from '../stage.js';

const BLOCK_FRAMES = 65536;

const options = z.strictObject({
  stems: z
    .array(z.string().min(1))
    .default([])
    .describe('Stems that were changed; a pipeline fills it with those of its own stages.'),
});

type Options = z.output<typeof options>;

/** Sums of squares over a range. */
interface Energy {
  readonly mix: number;
  readonly removed: number;
  readonly removedByStem: readonly number[];
}

const apply = defineApply<Options, null, Energy, Energy>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 16,
  run(context) {
    const { range, channelCount } = context;
    const { stems } = context.options;
    const mix = context.input('mix');
    const pairs = stems.map((stem) => ({
      before: context.input(`before:${stem}`),
      after: context.input(`after:${stem}`),
    }));
    const removedByStem = stems.map(() => 0);
    let mixEnergy = 0;
    let removedEnergy = 0;
    for (let start = range.startFrame; start < range.endFrame; start += BLOCK_FRAMES) {
      const frames = Math.min(BLOCK_FRAMES, range.endFrame - start);
      const makeBlock = () => Array.from({ length: channelCount }, () => new Float64Array(frames));
      const output = makeBlock();
      const removed = makeBlock();
      const before = makeBlock();
      const after = makeBlock();
      mix.read(start, output);
      for (const [k, pair] of pairs.entries()) {
        pair.before.read(start, before);
        pair.after.read(start, after);
        for (let channel = 0; channel < channelCount; channel++) {
          for (let i = 0; i < frames; i++) {
            const difference = before[channel]![i]! - after[channel]![i]!;
            removed[channel]![i]! += difference;
            removedByStem[k]! += difference * difference;
          }
        }
      }
      for (let channel = 0; channel < channelCount; channel++) {
        for (let i = 0; i < frames; i++) {
          const taken = removed[channel]![i]!;
          mixEnergy += output[channel]![i]! ** 2;
          removedEnergy += taken * taken;
          output[channel]![i]! -= taken;
        }
      }
      context.write('mix', start, output);
      context.progress(start + frames - range.startFrame);
    }
    return { part: { mix: mixEnergy, removed: removedEnergy, removedByStem } };
  },
  merge(parts) {
    const total = { mix: 0, removed: 0, removedByStem: [] as number[] };
    for (const part of parts) {
      total.mix += part.mix;
      total.removed += part.removed;
      for (const [k, energy] of part.removedByStem.entries())
        total.removedByStem[k] = (total.removedByStem[k] ?? 0) + energy;
    }
    return total;
  },
});

/** Level of an energy against the mix in dB; null where there is nothing to compare. */
function relativeDb(energy: number, mixEnergy: number): number | null {
  return energy > 0 && mixEnergy > 0 ? roundTo(powerToDb(energy / mixEnergy), 2) : null;
}

const levelDb = z.number().nullable().meta({
  description: 'Energy of what was taken out over that of the mix, in dB; null where it is nothing.',
});

const result = z.object({
  removedDb: levelDb,
  stems: z.array(z.object({ name: z.string(), removedDb: levelDb })),
});

/** The stage. */
export const remixStage = defineStage({
  id: 'remix',
  version: 1,
  summary: 'Put restored stems back into the mix.',
  source: 'mix + Σ (stem after − stem before), after linear mixing',
  options,
  result,
  adapt: (options, { changed }) =>
    options.stems.length > 0 ? options : { stems: changed.filter((name) => name !== 'mix') },
  estimate: () => ({ realTimeFactor: 0.01, memoryMb: 16 }),
  inputs: ({ stems }) => ['mix', ...stems.flatMap((stem) => [`before:${stem}`, `after:${stem}`])],
  outputs: () => ['mix'],
  passes: { apply },
  async run(job) {
    const { stems } = job.options;
    const { mix } = job.inputs;
    for (const [role, ref] of Object.entries(job.inputs)) {
      if (ref.channelCount !== mix!.channelCount || ref.frameCount !== mix!.frameCount) {
        throw new ForgeError(
          'internal/defect',
          `expected ${mix!.channelCount} channels of ${mix!.frameCount} frames for ${role}, got ${ref.channelCount} of ${ref.frameCount}`,
        );
      }
    }
    const isUnchanged = stems.every(
      (stem) => job.inputs[`before:${stem}`]!.key === job.inputs[`after:${stem}`]!.key,
    );
    if (isUnchanged) {
      job.bypass(
        'mix',
        'mix',
        stems.length === 0 ? 'no stem was changed' : 'restoration left every stem as it was',
      );
      return { data: { removedDb: null, stems: [] } };
    }
    const energy = await job.apply(apply, null, { mix: { channelCount: mix!.channelCount } });
    return {
      data: {
        removedDb: relativeDb(energy.removed, energy.mix),
        stems: stems.map((name, k) => ({
          name,
          removedDb: relativeDb(energy.removedByStem[k] ?? 0, energy.mix),
        })),
      },
    };
  },
});
