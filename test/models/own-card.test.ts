// Cards that users bring: short ones are completed and pinned, networks are tried before anything is written.
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { findCard } from '../../src/models/card.js';
import { importPlanned, planImport } from '../../src/models/import.js';
import { installedModel } from '../../src/models/store.js';
import { tryNetwork } from '../../src/models/try-network.js';

const fixtures = fileURLToPath(new URL('../../fixtures/htdemucs/', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'forge-card-'));
afterAll(() => rmSync(root, { recursive: true }));
const env = { FORGE_MODELS_DIR: join(root, 'models'), XDG_CACHE_HOME: join(root, 'cache') };

function cardOf(text: string): string {
  const path = join(root, 'card.yaml');
  writeFileSync(path, text);
  return path;
}
const SHORT =
  'id: mine\ntask: separate\nlicence: MIT\nstems: [vocals]\nseparation: { fftSize: 512, hopFrames: 128 }\n';

describe('a card of the user’s own', () => {
  it('is completed by size and hash of the file, and installed with it', () => {
    const plan = planImport(`${fixtures}mdx.onnx`, { cardPath: cardOf(SHORT), env });
    expect(existsSync(env.FORGE_MODELS_DIR)).toBe(false);
    expect(importPlanned(plan, env)).toEqual([{ id: 'mine', files: ['mdx.onnx'] }]);
    expect(findCard('mine', env)).toMatchObject({ commercialUse: false, separation: { fftSize: 512 } });
    expect(installedModel('mine', env)!.files['mdx.onnx']).toBe(
      join(env.FORGE_MODELS_DIR, 'mine', 'mdx.onnx'),
    );
  });

  it('may leave out files, and tell which stem each is a specialist for', () => {
    const folder = mkdtempSync(join(root, 'bag-'));
    copyFileSync(`${fixtures}free.onnx`, join(folder, 'a.onnx'));
    copyFileSync(`${fixtures}wave.onnx`, join(folder, 'b.onnx'));
    const card = cardOf(
      'id: pair\ntask: separate\nlicence: MIT\nstems: [bass, other]\nfiles: [{ name: a.onnx, stem: bass }, { name: b.onnx, stem: other }]\n',
    );
    expect(planImport(folder, { cardPath: card, env }).matches.map(({ file }) => file.stem)).toEqual([
      'bass',
      'other',
    ]);
  });

  it.each([
    ['the id of a published model', SHORT.replace('mine', 'htdemucs'), 'usage/bad-option'],
    ['a separator without stems', SHORT.replace('stems: [vocals]\n', ''), 'usage/bad-option'],
    ['a file that is not given', `${SHORT}files: [{ name: other.onnx }]\n`, 'preset/invalid'],
    ['an unknown key', `${SHORT}fft: 512\n`, 'preset/invalid'],
  ])('is refused with %s', (_, text, code) => {
    const plan = () => planImport(`${fixtures}mdx.onnx`, { cardPath: cardOf(text), env });
    expect(plan).toThrow(expect.objectContaining({ code }));
  });
});

describe('tryNetwork', () => {
  const cardFor = (text: string, file: string) =>
    planImport(`${fixtures}${file}`, { cardPath: cardOf(text), env }).matches[0]!.card;

  it('runs a separator once and tells its tensors', async () => {
    const tried = await tryNetwork(cardFor(SHORT, 'mdx.onnx'), 'mdx.onnx', `${fixtures}mdx.onnx`);
    expect(tried.inputs).toEqual(['input[1,4,200,32]']);
    expect(tried.summary).toContain('vocals; segments of 0.08 s');
  });

  it.each([
    ['a wrong transform', SHORT.replace('512', '256'), 'mdx.onnx'],
    ['too many stems', SHORT.replace('[vocals]', '[vocals, drums]'), 'mdx.onnx'],
    ['too few stems', SHORT, 'toy4.onnx'],
    ['no network at all', SHORT, 'reference.json'],
  ])('refuses %s', async (_, text, file) => {
    const named = `${text}files: [{ name: ${file} }]\n`;
    const card = cardFor(named, file);
    await expect(tryNetwork(card, file, `${fixtures}${file}`)).rejects.toMatchObject({
      code: 'model/incompatible',
    });
  });
});
