// Cards and installed models: the published catalogue, lookup by name, hashes that are remembered, the licence gate.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCard, listCatalogue, modelsDir, userCacheDir, variantsOf } from '../../src/models/card.js';
import { importModel, removeModel } from '../../src/models/import.js';
import { installedModel, modelStatus, resolveModels, verifyModel } from '../../src/models/store.js';
import { fakeModel, temporaryEnv } from './fake-model.js';

describe('the catalogue', () => {
  it('holds every published model with whole facts', () => {
    const cards = listCatalogue(temporaryEnv());
    const published = [
      'basic-pitch',
      'beat-this',
      'beatnet',
      'deepfilternet3',
      'gtcrn',
      'htdemucs',
      'htdemucs_6s',
      'htdemucs_ft',
      'silero-vad',
      'yamnet',
    ];
    expect(cards.map((card) => card.id)).toEqual(expect.arrayContaining(published));
    for (const card of cards) {
      for (const file of card.files) expect(file.urls.every((url) => url.startsWith('https://'))).toBe(true);
      // A set of files must not hold one name twice.
      for (const variant of variantsOf(card)) {
        const names = card.files.filter((file) => file.variant === variant).map((file) => file.name);
        expect(new Set(names).size).toBe(names.length);
      }
    }
    const needAcceptance = cards.filter((card) => card.mustAcceptLicence).map((card) => card.id);
    expect(needAcceptance).toEqual(['htdemucs', 'htdemucs_6s', 'htdemucs_ft']);
    expect(cards.filter((card) => !card.commercialUse).map((card) => card.id)).toEqual(needAcceptance);
  });

  it('suggests the nearest name for one that it does not know', () => {
    const env = temporaryEnv();
    expect(() => findCard('deepfilternet', env)).toThrow(
      expect.objectContaining({ code: 'model/unknown', hint: 'Did you mean "deepfilternet3"?' }),
    );
    expect(() => findCard('../../etc/passwd', env)).toThrow(
      expect.objectContaining({ code: 'model/unknown' }),
    );
  });

  it('finds its folders by the conventions of each system', () => {
    expect(modelsDir({ FORGE_MODELS_DIR: '/m', HOME: '/h' })).toBe('/m');
    expect(modelsDir({ XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'forge', 'models'));
    expect(userCacheDir({ HOME: '/h' }, 'linux')).toBe(join('/h', '.cache', 'forge'));
    expect(userCacheDir({ HOME: '/h' }, 'darwin')).toBe(join('/h', 'Library', 'Caches', 'forge'));
    expect(userCacheDir({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'forge', 'cache'));
  });
});

describe('installedModel', () => {
  it('is null, then the files with their hashes', () => {
    const model = fakeModel();
    expect(modelStatus(findCard(model.id, model.env), model.env)).toBe('absent');
    expect(installedModel(model.id, model.env)).toBeNull();
    model.install();
    expect(installedModel(model.id, model.env)).toEqual({
      id: model.id,
      licence: 'CC0',
      variant: undefined,
      files: { 'a.onnx': join(model.folder, 'a.onnx'), 'b.onnx': join(model.folder, 'b.onnx') },
      sha256: { 'a.onnx': model.sha256('a.onnx'), 'b.onnx': model.sha256('b.onnx') },
    });
  });

  it('takes another variant that is whole where the default one is not', () => {
    const model = fakeModel();
    model.install(['big.onnx']);
    expect(installedModel(model.id, model.env)?.variant).toBe('big');
    expect(verifyModel(model.id, model.env)).toMatchObject([{ name: 'big.onnx', status: 'ok' }]);
  });

  it.each(['wrong size', 'wrong bytes'])('refuses a file of the %s', (damage) => {
    const model = fakeModel();
    model.install();
    const bytes = readFileSync(join(model.folder, 'a.onnx'));
    bytes[5]! ^= 1;
    writeFileSync(join(model.folder, 'a.onnx'), damage === 'wrong size' ? bytes.subarray(1) : bytes);
    expect(() => installedModel(model.id, model.env)).toThrow(
      expect.objectContaining({ code: 'model/corrupt' }),
    );
    expect(modelStatus(findCard(model.id, model.env), model.env)).toBe('corrupt');
    expect(verifyModel(model.id, model.env).map((check) => check.status)).toContain(
      damage === 'wrong size' ? 'wrong-size' : 'wrong-sha256',
    );
  });

  it('remembers hashes by size and time, and verify reads anew', () => {
    const model = fakeModel();
    model.install();
    const path = join(model.folder, 'a.onnx');
    const longAgo = new Date(1_600_000_000_000);
    utimesSync(path, longAgo, longAgo);
    expect(installedModel(model.id, model.env)).not.toBeNull();
    const bytes = readFileSync(path);
    bytes[0]! ^= 1;
    writeFileSync(path, bytes);
    utimesSync(path, longAgo, longAgo);
    expect(installedModel(model.id, model.env)).not.toBeNull(); // the same size and time: taken as known
    expect(verifyModel(model.id, model.env)[0]!.status).toBe('wrong-sha256');
    expect(() => installedModel(model.id, model.env)).toThrow(
      expect.objectContaining({ code: 'model/corrupt' }),
    );
  });

  it('works where nothing can be remembered', () => {
    const model = fakeModel();
    model.install();
    const env = { ...model.env, XDG_CACHE_HOME: '/dev/null/cache' };
    expect(installedModel(model.id, env)?.id).toBe(model.id);
  });
});

describe('resolveModels', () => {
  it('names the pull command for a required model, and leaves out one that is not required', () => {
    const env = temporaryEnv();
    expect(() => resolveModels([{ id: 'deepfilternet3', required: true }], { env })).toThrow(
      expect.objectContaining({
        code: 'model/not-installed',
        hint: expect.stringContaining('forge models pull deepfilternet3'),
      }),
    );
    expect(resolveModels([{ id: 'deepfilternet3', required: false }], { env })).toEqual({});
  });

  it('keeps models without commercial use away where that was asked for', () => {
    const model = fakeModel({ commercialUse: false });
    model.install();
    const { env } = model;
    expect(Object.keys(resolveModels([{ id: model.id, required: false }], { env }))).toEqual([model.id]);
    expect(resolveModels([{ id: model.id, required: false }], { env, commercialOnly: true })).toEqual({});
    expect(() => resolveModels([{ id: model.id, required: true }], { env, commercialOnly: true })).toThrow(
      expect.objectContaining({ code: 'model/licence-refused' }),
    );
  });
});

describe('importModel and removeModel', () => {
  it('knows a file by its hash, whatever its name', () => {
    const model = fakeModel();
    const source = join(model.root, 'renamed.bin');
    writeFileSync(source, model.bytes('a.onnx'));
    expect(importModel(source, { env: model.env })).toEqual([{ id: model.id, files: ['a.onnx'] }]);
    expect(readFileSync(join(model.folder, 'a.onnx')).equals(model.bytes('a.onnx'))).toBe(true);
  });

  it('imports a folder, and a model of the user with a card of its own', () => {
    const model = fakeModel();
    const folder = join(model.root, 'brought');
    mkdirSync(folder);
    copyFileSync(join(model.folder, 'card.yaml'), join(folder, 'card.yaml'));
    for (const name of ['a.onnx', 'b.onnx']) writeFileSync(join(folder, name), model.bytes(name));
    const env = temporaryEnv();
    expect(() => findCard(model.id, env)).toThrow();
    importModel(folder, { cardPath: join(folder, 'card.yaml'), env });
    expect(installedModel(model.id, env)?.files).toHaveProperty('b.onnx');
    expect(removeModel(model.id, env).sort()).toEqual(['a.onnx', 'b.onnx', 'card.yaml']);
    expect(() => findCard(model.id, env)).toThrow();
  });

  it('refuses files that no card knows, and a file that only has the name', () => {
    const model = fakeModel();
    const source = join(model.root, 'a.onnx');
    writeFileSync(source, 'something else');
    const code = (wanted: string) => expect.objectContaining({ code: wanted });
    expect(() => importModel(source, { env: model.env })).toThrow(code('model/unknown'));
    expect(() => importModel(source, { id: model.id, env: model.env })).toThrow(code('model/corrupt'));
    expect(() => importModel(join(model.root, 'none'), { env: model.env })).toThrow(code('input/not-found'));
    expect(() => removeModel('deepfilternet3', model.env)).toThrow(code('model/not-installed'));
  });

  it.skipIf(process.getuid?.() === 0)('says that a folder cannot be written (not tried as root)', () => {
    const model = fakeModel();
    const source = join(model.root, 'x');
    writeFileSync(source, model.bytes('a.onnx'));
    chmodSync(model.folder, 0o555);
    expect(() => importModel(source, { env: model.env })).toThrow(
      expect.objectContaining({ code: 'output/unwritable' }),
    );
  });
});
