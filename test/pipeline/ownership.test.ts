import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256Sync } from '../../src/file-hash.js';
import { type RunEntry, writeManifest } from '../../src/pipeline/manifest.js';
import { Ownership } from '../../src/pipeline/ownership.js';
import { temporaryFolder } from '../helpers/direct-job.js';

function folderWith(name: string, text: string): { folder: string; target: string } {
  const folder = temporaryFolder();
  const target = join(folder, name);
  writeFileSync(target, text);
  return { folder, target };
}

const exists = expect.objectContaining({ code: 'output/exists' });

describe('Ownership', () => {
  it('refuses a file that no run recorded', () => {
    const { folder, target } = folderWith('master.wav', 'mine');
    expect(() => new Ownership(folder).requireReplaceable(target)).toThrow(exists);
  });

  it('allows a recorded file until it is changed', () => {
    const { folder, target } = folderWith('master.wav', 'from forge');
    const output = { kind: 'master', path: 'master.wav', sha256: sha256Sync(target) };
    writeManifest(folder, { command: 'master', outputs: [output], stages: [] } as unknown as RunEntry);
    new Ownership(folder).requireReplaceable(target);
    writeFileSync(target, 'edited by hand');
    expect(() => new Ownership(folder).requireReplaceable(target)).toThrow(exists);
  });

  it('allows what a killed run announced, and no longer once a run has settled', () => {
    const folder = temporaryFolder();
    const target = join(folder, 'master.wav');
    new Ownership(folder).announce([target]);
    writeFileSync(target, 'delivered, then killed');
    const next = new Ownership(folder);
    next.requireReplaceable(target);
    expect(() => next.requireReplaceable(join(folder, '.delivering.json'))).toThrow(exists);
    next.settle();
    expect(readdirSync(folder)).toEqual(['master.wav']);
    expect(existsSync(target)).toBe(true);
    expect(() => new Ownership(folder).requireReplaceable(target)).toThrow(exists);
  });
});
