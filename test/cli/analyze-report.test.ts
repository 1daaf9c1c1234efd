import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND_SCHEMAS } from '../../src/report/schemas.js';
import { forge, testSong, writeWav } from '../helpers/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'forge-analyze-report-'));
const FLAGS = ['--only', 'loudness,dynamics,stereo,spectrum,advice', '--quiet'];

beforeAll(() => {
  mkdirSync(join(folder, 'album'));
  const [left, right] = testSong(6);
  writeWav(join(folder, 'album', 'one, "loud".wav'), [left!, right!], 44_100);
  writeWav(join(folder, 'album', 'two.wav'), [left!.map((x) => x / 4), right!.map((x) => x / 4)], 44_100);
  writeFileSync(join(folder, 'album', 'broken.wav'), 'RIFF');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('forge analyze of a folder', () => {
  it('prints a sheet: a header, a line a file, failures in it', async () => {
    const result = await forge(['analyze', 'album', '--format', 'csv', ...FLAGS], { cwd: folder });
    expect(result.code).toBe(4);
    const lines = result.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    const columns = lines[0]!.split(',');
    for (const name of [
      'path',
      'status',
      'loudness.integratedLufs',
      'spectrum.bands.air',
      'advice.suggestions',
    ])
      expect(columns).toContain(name);
    expect(lines[1]).toMatch(/^album\/broken\.wav,failed,input\/[a-z-]+,+$/);
    expect(lines[2]).toMatch(/^"album\/one, ""loud""\.wav",ok,,6,44100,2,[0-9a-f]{64},-\d/);
    const cells = lines[3]!.split(',');
    expect(cells).toHaveLength(columns.length);
    const loud = Number(
      lines[2]!.replace(/^"[^"]*""[^"]*""[^"]*"/, 'x').split(',')[columns.indexOf('loudness.integratedLufs')],
    );
    expect(loud - Number(cells[columns.indexOf('loudness.integratedLufs')])).toBeCloseTo(12.04, 1);
  });

  it('prints JSON as its schema says', async () => {
    const result = await forge(['analyze', join('album', 'two.wav'), '--json', '--quiet'], { cwd: folder });
    const printed = JSON.parse(result.stdout);
    expect(() => COMMAND_SCHEMAS.analyze!.parse(printed)).not.toThrow();
    expect(printed.results[0].suggestions).toEqual(printed.results[0].advice.suggestions);
  });

  it('obeys a tempo and a meter', async () => {
    const flags = ['--only', 'rhythm', '--tempo', '96', '--meter', '3/4', '--json', '--quiet'];
    const result = await forge(['analyze', join('album', 'two.wav'), ...flags], { cwd: folder });
    expect(JSON.parse(result.stdout).results[0].rhythm).toMatchObject({ tempoBpm: 96, meter: '3/4' });
    const wrong = await forge(['analyze', join('album', 'two.wav'), '--tempo', 'fast'], { cwd: folder });
    expect(wrong.code).toBe(2);
  });

  it('writes an index that links to every report, and writes over no page but its own', async () => {
    const index = join(folder, 'forge-out', 'index.html');
    const html = readFileSync(index, 'utf8');
    const links = [...html.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => decodeURIComponent(href!));
    expect(links).toHaveLength(2);
    for (const link of links) expect(existsSync(join(folder, 'forge-out', link))).toBe(true);
    expect(html).toContain('1 failed');
    expect((await forge(['analyze', 'album', ...FLAGS], { cwd: folder })).code).toBe(4);
    expect(readFileSync(index, 'utf8')).toBe(html);
    writeFileSync(index, `${html}mine`);
    const refused = await forge(['analyze', 'album', ...FLAGS], { cwd: folder });
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain('output/exists');
    expect(readFileSync(index, 'utf8')).toBe(`${html}mine`);
    expect((await forge(['analyze', 'album', '--overwrite', ...FLAGS], { cwd: folder })).code).toBe(4);
    expect(readFileSync(index, 'utf8')).toBe(html);
  });

  it('links the audio, or puts it into the page; report.json holds no picture', async () => {
    const song = join('album', 'two.wav');
    const page = join(folder, 'single', 'two', 'report.html');
    await forge(['analyze', song, '--out', 'single', ...FLAGS], { cwd: folder });
    expect(readFileSync(page, 'utf8')).toContain('src="../../album/two.wav"');
    const report = readFileSync(join(folder, 'single', 'two', 'report.json'), 'utf8');
    expect(report).not.toContain('"picture"');
    expect(() => COMMAND_SCHEMAS.report!.parse(JSON.parse(report))).not.toThrow();
    await forge(['analyze', song, '--out', 'single', '--embed-audio', ...FLAGS], { cwd: folder });
    const embedded = readFileSync(page, 'utf8');
    expect(embedded).toMatch(/src="data:audio\/(mpeg|wav);base64,/);
    expect(embedded).not.toContain('src="../');
    if (embedded.includes('data:audio/mpeg')) expect(embedded).toContain('embedded as MP3 of 192 kbit/s');
  });
});
