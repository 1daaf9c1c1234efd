// The separate stage with models that a user imports: a network of spectra that knows one stem, and one of any length.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../../src/models/import.js';
import { installedModel } from '../../../src/models/store.js';
import { separateStage } from '../../../src/pipeline/stages/separate.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';

const fixtures = fileURLToPath(new URL('../../../fixtures/htdemucs/', import.meta.url));
const CARDS = {
  'mdx.onnx': `
id: toy-mdx
task: separate
licence: MIT
stems: [vocals]
separation: { fftSize: 512, hopFrames: 128, gain: 1.05 }
`,
  'free.onnx': `
id: toy-free
task: separate
licence: MIT
stems: [bass, instrumental]
separation: { normalise: none }
`,
};

const folder = mkdtempSync(join(tmpdir(), 'forge-own-'));
const before = process.env.FORGE_MODELS_DIR;
beforeAll(() => {
  process.env.FORGE_MODELS_DIR = join(folder, 'models');
  for (const [file, card] of Object.entries(CARDS)) {
    writeFileSync(join(folder, 'card.yaml'), card);
    importModel(`${fixtures}${file}`, { cardPath: join(folder, 'card.yaml') });
  }
});
afterAll(() => {
  if (before === undefined) delete process.env.FORGE_MODELS_DIR;
  else process.env.FORGE_MODELS_DIR = before;
  rmSync(folder, { recursive: true });
});

interface Report {
  nullDb: number | null;
  stems: { name: string; levelDb: number | null }[];
}

function mixOf(frames: number): Float32Array[] {
  let state = 1;
  return [220, 331].map((hz) =>
    Float32Array.from({ length: frames }, (_, i) => {
      state = (state * 48271) % 2147483647;
      return 0.2 * Math.sin((2 * Math.PI * hz * i) / 44100) + 0.05 * ((2 * state) / 2147483647 - 1);
    }),
  );
}

async function separate(
  mix: Float32Array[],
  options: { model: string } & Record<string, unknown>,
  rateHz = 44100,
) {
  const models = { [options.model]: installedModel(options.model)! };
  const result = await runStage(separateStage, { audio: audioRefOf(mix, rateHz) }, options, { models });
  return { result, report: separateStage.result.parse(result.outcome.data) as Report };
}

describe('separate with an imported network of spectra', () => {
  it.each([
    [44100, 30000],
    [48000, 20000],
    [44100, 17],
  ])('gives its one stem and the rest of the mix, which null: %i Hz, %i frames', async (rateHz, frames) => {
    const mix = mixOf(frames);
    const { report, result } = await separate(mix, { model: 'toy-mdx' }, rateHz);
    expect(report.stems.map(({ name }) => name)).toEqual(['vocals', 'instrumental']);
    expect(report.nullDb!).toBeLessThan(-90);
    expect(readAll(result.outputs.vocals!)[0]!.every(Number.isFinite)).toBe(true);
  });

  it('sees the real neighbours of a segment: a shorter overlap, whole hops apart, changes little', async () => {
    const mix = mixOf(40_000);
    // Strides of 20 and of 26 hops. The last segment lies between hops: it is left out.
    const [long, short] = await Promise.all(
      [20, 26].map(async (hops) => {
        const overlapSec = (3456 - hops * 128) / 44_100;
        const { result } = await separate(mix, { model: 'toy-mdx', overlapSec });
        return readAll(result.outputs.vocals!)[0]!.subarray(0, 30_000);
      }),
    );
    const energy = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0);
    expect(energy(long!.map((x, i) => x - short![i]!)) / energy(long!)).toBeLessThan(1e-3);
  });
});

describe('separate with an imported network of any length', () => {
  it('takes segments of segmentSec, and the stems do not depend on it but at the ends of segments', async () => {
    const mix = mixOf(100_000);
    const lowOf = async (options: object) =>
      readAll((await separate(mix, { model: 'toy-free', ...options })).result.outputs.bass!)[0]!;
    const long = await lowOf({ segmentSec: 2 });
    const short = await lowOf({ segmentSec: 0.5, overlapSec: 0.1 });
    expect(short).not.toEqual(long);
    const difference = long.reduce((most, x, i) => Math.max(most, Math.abs(x - short[i]!)), 0);
    expect(difference).toBeLessThan(2e-3);
  });

  it('nulls, and takes what the model misses into the instrumental', async () => {
    const { report } = await separate(mixOf(60_000), { model: 'toy-free', quality: 'fast' });
    expect(report.stems.map(({ name }) => name)).toEqual(['bass', 'instrumental']);
    expect(report.nullDb!).toBeLessThan(-90);
  });

  it('says so where segmentSec has no effect', async () => {
    const { result } = await separate(mixOf(5000), { model: 'toy-mdx', segmentSec: 5 });
    expect(result.notes.map(({ message }) => message)).toContain(
      'segmentSec has no effect: segments of toy-mdx last 0.08 s',
    );
  });
});
