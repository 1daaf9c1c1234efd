// Separation as a person runs it: two stems, the pipelines made of it, and a network of the user's own.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { forge, jsonOf, testSong, writeWav } from '../helpers/cli.js';
import { readAll } from '../helpers/direct-job.js';

const fixtures = resolve(import.meta.dirname, '../../fixtures/htdemucs');
const cwd = mkdtempSync(join(tmpdir(), 'forge-split-'));
afterAll(() => rmSync(cwd, { recursive: true }));
const song = testSong(4);
writeWav(join(cwd, 'song.wav'), song, 44_100, { kind: 'int', bits: 24 });

interface Answer {
  results: {
    status: string;
    nullDb: number | null;
    stems: { name: string }[];
    stages: { id: string; on: string; data: Record<string, number | null> }[];
  }[];
}

function stemsOf(out: string): string[] {
  return readdirSync(join(cwd, out, 'song', 'stems')).sort();
}

/** Level of the song minus the sum of stems against the song, in dB. */
function nullOf(out: string): number {
  const stems = stemsOf(out).map((name) => readAll(join(cwd, out, 'song', 'stems', name)));
  const whole = readAll(join(cwd, 'song.wav'));
  let rest = 0;
  let all = 0;
  for (const [channel, samples] of whole.entries())
    for (const [i, sample] of samples.entries()) {
      rest += stems.reduce((left, stem) => left - stem[channel]![i]!, sample) ** 2;
      all += sample ** 2;
    }
  return 10 * Math.log10(rest / all);
}

async function run(preset: string): Promise<Answer['results'][number]> {
  const result = await forge(['run', 'song.wav', '--preset', preset, '--out', preset, '--json'], { cwd });
  expect(result.code, result.stderr).toBe(0);
  return jsonOf<Answer>(result).results[0]!;
}

describe('separation', () => {
  it('writes vocals and instrumental with --two-stems; the files null', async () => {
    const result = await forge(['split', 'song.wav', '--two-stems', 'vocals', '--out', 'two', '--json'], {
      cwd,
    });
    expect(result.code, result.stderr).toBe(0);
    expect(stemsOf('two')).toEqual(['instrumental.wav', 'vocals.wav']);
    expect(nullOf('two')).toBeLessThan(-90);
  });

  it('karaoke: the same by a preset', async () => {
    const { nullDb } = await run('karaoke');
    expect(nullDb).toBeLessThan(-90);
    expect(nullOf('karaoke')).toBeLessThan(-90);
  });

  it('acapella: the vocals alone', async () => {
    expect((await run('acapella')).stems.map(({ name }) => name)).toEqual(['vocals']);
    expect(stemsOf('acapella')).toEqual(['vocals.wav']);
  });

  it('clean-dry-vocal: restoration, noise, de-essing and level, all on the vocals', async () => {
    const { stages } = await run('clean-dry-vocal');
    expect(stages.map(({ id }) => id)).toEqual(['separate', 'restore', 'denoise', 'de-ess', 'level']);
    expect(stages.slice(1).every(({ on }) => on === 'vocals')).toBe(true);
    expect(stemsOf('clean-dry-vocal')).toEqual(['vocals.wav']);
  });

  it('punchy-drums: more crest, and less between the hits', async () => {
    const { stages } = await run('punchy-drums');
    const { data } = stages.find(({ id }) => id === 'punch')!;
    expect(data.crestFactorAfterDb!).toBeGreaterThan(data.crestFactorBeforeDb!);
    expect(data.betweenHitsAfterDb!).toBeLessThan(data.betweenHitsBeforeDb! - 3);
    expect(stemsOf('punchy-drums')).toEqual(['drums.wav']);
  });
});

describe('a network of the user’s own', () => {
  const env = { FORGE_MODELS_DIR: join(cwd, 'models') };
  const card =
    'id: mine\ntask: separate\nlicence: MIT\nstems: [vocals]\nseparation: { fftSize: 512, hopFrames: 128 }\n';
  writeFileSync(join(cwd, 'card.yaml'), card);
  const file = join(fixtures, 'mdx.onnx');

  it('is tried by --dry-run, which writes nothing', async () => {
    const tried = await forge(['models', 'import', file, '--card', 'card.yaml', '--dry-run'], { cwd, env });
    expect(tried.code, tried.stderr).toBe(0);
    expect(tried.stdout).toContain('input[1,4,200,32] -> output[1,4,200,32]; vocals; segments of 0.08 s');
    const listed = await forge(['models', 'list', '--json'], { cwd, env });
    expect(jsonOf<{ models: { id: string }[] }>(listed).models.some(({ id }) => id === 'mine')).toBe(false);
  });

  it('is refused, with nothing written, where it does not fit its card', async () => {
    const wrong = await forge(['models', 'import', join(fixtures, 'toy4.onnx'), '--card', 'card.yaml'], {
      cwd,
      env,
    });
    expect(wrong.code).toBe(6);
    expect(wrong.stderr).toContain('model/incompatible');
  });

  it('separates once it is imported', async () => {
    expect((await forge(['models', 'import', file, '--card', 'card.yaml'], { cwd, env })).code).toBe(0);
    const result = await forge(['split', 'song.wav', '--model', 'mine', '--out', 'own', '--json'], {
      cwd,
      env,
    });
    expect(result.code, result.stderr).toBe(0);
    expect(stemsOf('own')).toEqual(['instrumental.wav', 'vocals.wav']);
    expect(nullOf('own')).toBeLessThan(-90);
  });
});
