import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPipelineIds, loadPipeline, type Override } from '../../src/pipeline/preset.js';
import { checkPresetFile, listPresets } from '../../src/pipeline/preset-catalogue.js';
import { temporaryFolder } from '../helpers/direct-job.js';

const folder = temporaryFolder();

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const set = (target: string, key: string, value: unknown): Override => ({
  target,
  key,
  value,
  origin: 'set',
});

describe('pipelines', () => {
  it.each(listPipelineIds())('%s, which comes with forge, is valid', async (id) => {
    const pipeline = await loadPipeline(id);
    expect(pipeline.steps.length).toBeGreaterThan(0);
    expect(pipeline.summary.length).toBeGreaterThan(10);
  });

  it('takes over a base, changes it by set, and keeps where each value came from', async () => {
    const base = file(
      'base.yaml',
      'summary: base\nstages:\n  - analyze\n  - master: { preset: cd, as: disc }\n',
    );
    const child = file('child.yaml', `summary: child\nextends: ./base.yaml\nset:\n  disc.preset: podcast\n`);
    const pipeline = await loadPipeline(child, [set('analyze', 'history', false)]);
    expect(base).toContain('base');
    const [analyze, disc] = pipeline.steps;
    expect(disc).toMatchObject({ id: 'disc', options: { preset: 'podcast' }, origins: { preset: 'preset' } });
    expect(analyze!.origins).toMatchObject({ history: 'set', only: 'default' });
  });

  it.each([
    ['bad-yaml.yaml', 'summary: x\nstages: [analyze', 'preset/syntax', /:2:\d+/],
    ['key.yaml', 'summary: x\nstags:\n  - analyze\n', 'preset/invalid', /:2:1: unknown key "stags"/],
    [
      'option.yaml',
      'summary: x\nstages:\n  - analyze: { histry: true }\n',
      'preset/invalid',
      /:3:\d+: unknown option "histry"/,
    ],
    [
      'value.yaml',
      'summary: x\nstages:\n  - analyze:\n      history: loud\n',
      'preset/invalid',
      /:4:7: expected boolean for analyze.history, got "loud"/,
    ],
    ['stage.yaml', 'summary: x\nstages:\n  - analyse\n', 'preset/invalid', /:3:5: .*"analyse"/],
    ['twice.yaml', 'summary: x\nstages:\n  - analyze\n  - analyze\n', 'preset/invalid', /different ids/],
    ['empty.yaml', 'summary: x\n', 'preset/invalid', /stages or extends/],
    [
      'set.yaml',
      'summary: x\nextends: studio\nset:\n  mastr.preset: cd\n',
      'preset/invalid',
      /:4:3: .*"mastr"/,
    ],
    ['cycle.yaml', 'summary: x\nextends: ./cycle.yaml\n', 'preset/cycle', /extends itself/],
    ['base.yaml', 'summary: x\nextends: nowhere\n', 'preset/not-found', /"nowhere"/],
  ])('%s: %s', async (name, text, code, message) => {
    await expect(loadPipeline(file(name, text))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('names what was probably meant', async () => {
    const path = file('near.yaml', 'summary: x\nstages:\n  - analyze: { histroy: true }\n');
    await expect(loadPipeline(path)).rejects.toMatchObject({ hint: 'Did you mean "history"?' });
    await expect(loadPipeline('studo')).rejects.toMatchObject({
      code: 'preset/not-found',
      hint: 'Did you mean "studio"?',
    });
  });

  it('counts a wrong --set as a usage error', async () => {
    await expect(loadPipeline('studio', [set('master', 'preste', 'cd')])).rejects.toMatchObject({
      code: 'usage/bad-option',
    });
    await expect(loadPipeline('studio', [set('mastr', 'preset', 'cd')])).rejects.toMatchObject({
      code: 'usage/bad-option',
    });
  });
});

describe('the catalogue of presets', () => {
  it('lists every kind with a summary', async () => {
    const presets = await listPresets();
    expect(presets.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['pipeline', 'master', 'persona']),
    );
    for (const preset of presets) expect(preset.summary, preset.id).not.toBe('');
  });

  it('checks a file of the user', async () => {
    const path = file('mine.yaml', 'summary: mine\nstages: [analyze]\n');
    await expect(checkPresetFile(path, 'pipeline')).resolves.toBeUndefined();
    await expect(checkPresetFile(path, 'poem')).rejects.toMatchObject({ code: 'usage/bad-option' });
  });
});
