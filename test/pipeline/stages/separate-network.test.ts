// The separate stage with networks of the HTDemucs family at toy width: nulls, bags, subsets, rates, channels, seeds.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ModelFiles } from '../../../src/pipeline/stage.js';
import { separateStage } from '../../../src/pipeline/stages/separate.js';
import { chooseModel, outputNames, separateOptions } from '../../../src/pipeline/stages/separate-options.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';

const folder = fileURLToPath(new URL('../../../fixtures/htdemucs/', import.meta.url));

function modelOf(id: string, names: readonly string[], file: string): Record<string, ModelFiles> {
  const each = (value: string) => Object.fromEntries(names.map((name) => [name, value]));
  return { [id]: { id, licence: 'test', files: each(`${folder}${file}`), sha256: each('0'.repeat(64)) } };
}
const htdemucs = modelOf('htdemucs', ['htdemucs.onnx'], 'toy4.onnx');
const bag = modelOf(
  'htdemucs_ft',
  ['drums', 'bass', 'other', 'vocals'].map((stem) => `htdemucs_ft_${stem}_fp16weights.onnx`),
  'toy4.onnx',
);

function noise(frames: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: frames }, () => {
    state = (state * 48271) % 2147483647;
    return (0.2 * state) / 2147483647 - 0.1;
  });
}

interface Report {
  nullDb: number | null;
  model: { id: string };
  stems: { name: string; levelDb: number | null }[];
}

async function separate(
  channels: readonly Float32Array[],
  rateHz: number,
  options: Record<string, unknown>,
  models: Record<string, ModelFiles> = htdemucs,
  seed = 0,
) {
  const mix = audioRefOf(channels, rateHz);
  const result = await runStage(separateStage, { audio: mix }, options, { models, seed });
  return { result, report: separateStage.result.parse(result.outcome.data) as Report };
}

describe('separate with a network', () => {
  it.each([
    [44100, 2, 70000],
    [48000, 2, 70000],
    [22050, 1, 30000],
    [44100, 6, 30000],
    [44100, 2, 1],
    [44100, 2, 17],
  ])('gives stems that null: %i Hz, %i channels, %i frames', async (rateHz, count, frames) => {
    const channels = Array.from({ length: count }, (_, k) => noise(frames, k + 1));
    const { result, report } = await separate(channels, rateHz, { model: 'htdemucs' });
    expect(report.model.id).toBe('htdemucs');
    expect(report.stems.map((stem) => stem.name)).toEqual(['vocals', 'drums', 'bass', 'other']);
    expect(report.nullDb ?? Number.NEGATIVE_INFINITY).toBeLessThan(-90);
    for (const { name } of report.stems)
      expect(result.outputs[name]).toMatchObject({
        sampleRateHz: rateHz,
        channelCount: count,
        frameCount: frames,
      });
  });

  it('gives the residual as an output of its own; the set nulls then too', async () => {
    const channels = [noise(40000, 1), noise(40000, 2)];
    const { report } = await separate(channels, 44100, { model: 'htdemucs', residual: true });
    expect(report.stems.at(-1)!.name).toBe('residual');
    expect(report.stems.at(-1)!.levelDb).toBeGreaterThan(-60);
    expect(report.nullDb).toBeLessThan(-90);
  });

  it('runs, of a bag, only the specialist that two stems need', async () => {
    const channels = [noise(30000, 1), noise(30000, 2)];
    const onlyVocals = { htdemucs_ft: { ...bag.htdemucs_ft!, files: { ...bag.htdemucs_ft!.files } } };
    for (const name of Object.keys(onlyVocals.htdemucs_ft.files))
      if (!name.includes('vocals')) onlyVocals.htdemucs_ft.files[name] = '/nowhere.onnx';
    const { report } = await separate(
      channels,
      44100,
      { model: 'htdemucs_ft', twoStems: 'vocals' },
      onlyVocals,
    );
    expect(report.stems.map((stem) => stem.name)).toEqual(['vocals', 'instrumental']);
    expect(report.nullDb).toBeLessThan(-90);
  });

  it('takes each stem of a bag from its own network: four copies give what the one gives', async () => {
    const channels = [noise(30000, 1), noise(30000, 2)];
    const one = await separate(channels, 44100, { model: 'htdemucs' });
    const four = await separate(channels, 44100, { model: 'htdemucs_ft' }, bag);
    for (const name of ['vocals', 'drums', 'bass', 'other'])
      expect(readAll(four.result.outputs[name]!)).toEqual(readAll(one.result.outputs[name]!));
  });

  it('has guitar and piano with six stems', async () => {
    const models = modelOf('htdemucs_6s', ['htdemucs_6s.onnx'], 'toy6.onnx');
    const channels = [noise(30000, 1), noise(30000, 2)];
    const { report } = await separate(channels, 44100, { model: 'htdemucs_6s' }, models);
    expect(report.stems.map((stem) => stem.name)).toEqual([
      'vocals',
      'drums',
      'bass',
      'other',
      'guitar',
      'piano',
    ]);
    expect(report.nullDb).toBeLessThan(-90);
  });

  it('gives the same bytes for the same seed; with shifts, others for another', async () => {
    const channels = [noise(50000, 1), noise(50000, 2)];
    const vocals = async (options: object, seed: number) => {
      const { result } = await separate(channels, 44100, { model: 'htdemucs', ...options }, htdemucs, seed);
      return readAll(result.outputs.vocals!);
    };
    expect(await vocals({ quality: 'high' }, 1)).toEqual(await vocals({ quality: 'high' }, 1));
    expect(await vocals({ quality: 'high' }, 1)).not.toEqual(await vocals({ quality: 'high' }, 2));
    expect(await vocals({}, 1)).toEqual(await vocals({}, 2));
    expect(await vocals({ quality: 'fast' }, 1)).not.toEqual(await vocals({}, 1));
    expect(await vocals({ overlapSec: 0.125 }, 1)).toEqual(
      await vocals({ overlapSec: 0.125, quality: 'fast' }, 1),
    );
  });
});

describe('options of separate', () => {
  it('chooses the best that is installed with auto', () => {
    const options = separateOptions.parse({});
    expect(chooseModel(options, {}, 44_100)).toBeUndefined();
    expect(chooseModel(options, htdemucs, 44_100)!.id).toBe('htdemucs');
    expect(chooseModel(options, { ...htdemucs, ...bag }, 44_100)!.id).toBe('htdemucs_ft');
    expect(chooseModel(separateOptions.parse({ model: 'forge-classic' }), htdemucs, 44_100)).toBeUndefined();
  });

  it('takes forge-lite with auto where the rate is near that of its training', () => {
    const lite: ModelFiles = { id: 'forge-lite', licence: 'MIT', files: {}, sha256: {} };
    const idAt = (rateHz: number, model = 'auto') =>
      chooseModel(separateOptions.parse({ model }), { 'forge-lite': lite }, rateHz)?.id;
    for (const rateHz of [11_025, 22_050, 24_000, 44_100, 48_000, 88_200, 96_000, 192_000])
      expect(idAt(rateHz)).toBe('forge-lite');
    for (const rateHz of [8000, 16_000, 32_000, 64_000]) expect(idAt(rateHz)).toBeUndefined();
    expect(idAt(8000, 'forge-lite')).toBe('forge-lite');
    expect(chooseModel(separateOptions.parse({}), { ...htdemucs, 'forge-lite': lite }, 44_100)?.id).toBe(
      'htdemucs',
    );
  });

  it('refuses stems that the model does not have, models that are unknown or do something else', () => {
    const named = (options: object) => () => outputNames(separateOptions.parse(options));
    expect(named({ stems: ['guitar'] })).toThrow(/expected stems of auto/);
    expect(named({ model: 'htdemucs_6s', stems: ['guitar'] })()).toEqual(['guitar']);
    expect(named({ model: 'deepfilternet3' })).toThrow(/a model that separates/);
    expect(named({ model: 'htdemux' })).toThrow(/htdemux/);
  });
});
