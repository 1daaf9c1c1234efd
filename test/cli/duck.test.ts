// `forge duck` and `forge automate` as a person runs them: results, file names, messages, exit codes, Ctrl-C.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeVoice } from '../../fixtures/demo-voice.js';
import { COMMAND_SCHEMAS } from '../../src/report/schemas.js';
import { forge, jsonOf, startForge, testSong, untilStderr, writeWav } from '../helpers/cli.js';
import { readAll, temporaryFolder } from '../helpers/direct-job.js';

interface Result {
  readonly status: string;
  readonly folder: string;
  readonly outputs: readonly { kind: string; path: string; sha256: string }[];
  readonly notes: readonly { message: string }[];
  readonly error?: { code: string; message: string; hint?: string };
  readonly wantedLu?: number;
  readonly worstErrorLu?: number | null;
  readonly carve?: { strength: string; bands: readonly { centreHz: number }[] };
  readonly masters?: readonly { preset: string; after: { loudness: { integratedLufs: number } } }[];
}

const resultsOf = (result: Awaited<ReturnType<typeof forge>>) =>
  jsonOf<{ results: Result[] }>(result).results;
const RATE_HZ = 44_100;
const SPANS = [
  [1, 4],
  [8, 11],
] as const;

function writePair(folder: string, bed = 'music.wav', voice = 'vo.wav'): void {
  mkdirSync(folder, { recursive: true });
  writeWav(join(folder, bed), testSong(15), RATE_HZ);
  writeWav(join(folder, voice), [makeVoice(12, RATE_HZ, SPANS)], RATE_HZ);
}

describe('forge duck', () => {
  const cwd = temporaryFolder();
  beforeAll(() => {
    writePair(cwd);
    writeWav(join(cwd, 'silent.wav'), [new Float32Array(RATE_HZ * 3)], RATE_HZ);
    writeWav(join(cwd, 'short.wav'), testSong(5), RATE_HZ);
    writeFileSync(join(cwd, 'text.wav'), 'no audio');
  });

  it('writes the bed under the name of -o, the gain for an editor, and JSON that its schema takes', async () => {
    const args = [
      'duck',
      'music.wav',
      '--voice',
      'vo.wav',
      '-o',
      'bed.wav',
      '--keyframes',
      'json,csv',
      '--json',
    ];
    const run = await forge(args, { cwd });
    expect(run.code, run.stderr).toBe(0);
    COMMAND_SCHEMAS.duck!.parse(jsonOf(run));
    const [result] = resultsOf(run);
    expect(result!.wantedLu).toBe(10);
    expect(result!.worstErrorLu).toBeLessThan(0.5);
    // Far from the voice the bed is the 16-bit input, to far below its own noise.
    const [before, after] = [readAll(join(cwd, 'music.wav')), readAll(join(cwd, 'bed.wav'))];
    let difference = 0;
    let power = 0;
    for (let n = 13 * RATE_HZ; n < 15 * RATE_HZ; n++) {
      difference += (after[0]![n]! - before[0]![n]!) ** 2;
      power += before[0]![n]! ** 2;
    }
    expect(10 * Math.log10(difference / power)).toBeLessThan(-90);
    expect(result!.outputs.map(({ kind }) => kind).sort()).toEqual([
      'bed',
      'keyframes',
      'keyframes',
      'report',
      'report',
    ]);
    const keyframes = JSON.parse(readFileSync(join(cwd, 'forge-out/music/keyframes.json'), 'utf8')) as {
      gain: { atSec: number; gainDb: number }[];
    };
    expect(keyframes.gain[0]!.atSec).toBe(0);
    expect(Math.min(...keyframes.gain.map(({ gainDb }) => gainDb))).toBeLessThan(-2);
    const lines = readFileSync(join(cwd, 'forge-out/music/keyframes.csv'), 'utf8').trim().split('\n');
    expect(lines[0]).toBe('time_sec,gain_db');
    expect(lines).toHaveLength(keyframes.gain.length + 1);
  });

  it('takes a range or a strength for --carve', async () => {
    const run = await forge(
      ['duck', 'music.wav', '--voice', 'vo.wav', '--carve', 'firm,200-500', '--out', 'carve', '--json'],
      { cwd },
    );
    const [result] = resultsOf(run);
    expect(result!.carve!.strength).toBe('firm');
    for (const { centreHz } of result!.carve!.bands) expect(centreHz).toBeLessThan(530);
    const wrong = await forge(['duck', 'music.wav', '--voice', 'vo.wav', '--carve', 'deep', '--json'], {
      cwd,
    });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(
      /expected off, gentle, firm or a range such as 200-500 for --carve, got "deep"/,
    );
  });

  it('masters the mix for each preset', async () => {
    const run = await forge(
      ['duck', 'music.wav', '--voice', 'vo.wav', '--preset', 'youtube,podcast', '--out', 'masters', '--json'],
      { cwd },
    );
    expect(run.code, run.stderr).toBe(0);
    const [result] = resultsOf(run);
    expect(result!.masters!.map(({ preset }) => preset)).toEqual(['youtube', 'podcast']);
    expect(result!.masters![0]!.after.loudness.integratedLufs).toBeCloseTo(-14, 0);
    expect(readdirSync(join(cwd, 'masters/music')).sort()).toEqual(
      expect.arrayContaining(['bed.wav', 'mix.wav', 'master.podcast.wav', 'master.youtube.wav']),
    );
  });

  it('separates first with --stems', async () => {
    const run = await forge(
      ['duck', 'short.wav', '--voice', 'vo.wav', '--stems', '--out', 'stems', '--json'],
      { cwd },
    );
    expect(run.code, run.stderr).toBe(0);
    expect(resultsOf(run)[0]!.worstErrorLu).toBeLessThan(0.5);
  }, 60_000);

  it.each([
    ['no voice named', [], 2, 'usage/missing-argument', /expected the recording of a voice/],
    ['a voice that is not there', ['--voice', 'gone.wav'], 4, 'input/not-found', /gone\.wav/],
    [
      'a silent voice',
      ['--voice', 'silent.wav'],
      4,
      'input/no-voice',
      /expected speech in silent\.wav, got silence/,
    ],
    ['a voice that is no audio', ['--voice', 'text.wav'], 4, 'input/not-audio', /text\.wav/],
    [
      'a detector that is not pulled',
      ['--voice', 'vo.wav', '--detector', 'silero-vad'],
      6,
      'model/not-installed',
      /silero-vad/,
    ],
    ['an unknown detector', ['--voice', 'vo.wav', '--detector', 'ears'], 2, 'usage/bad-option', /ears/],
    [
      'a target out of reach',
      ['--voice', 'vo.wav', '--max-depth-db', '0', '--carve', 'off'],
      8,
      'target/missed',
      /phrases do not reach 10 LU/,
    ],
  ] as const)('tells of %s', async (_name, args, code, errorCode, message) => {
    const run = await forge(['duck', 'music.wav', ...args, '--out', 'bad', '--json'], { cwd });
    expect(run.code, run.stdout + run.stderr).toBe(code);
    const json = jsonOf<{ error?: { code: string; message: string }; results: Result[] }>(run);
    const error = json.error ?? json.results[0]?.error;
    expect(error?.code).toBe(errorCode);
    expect(error?.message).toMatch(message);
  });

  it('gives the same bytes again, and for any number of jobs', async () => {
    const hashes: unknown[] = [];
    for (const jobs of ['1', '2']) {
      const args = [
        'duck',
        'music.wav',
        '--voice',
        'vo.wav',
        '--mix',
        '--out',
        `jobs-${jobs}`,
        '--jobs',
        jobs,
        '--json',
      ];
      const [result] = resultsOf(await forge(args, { cwd }));
      hashes.push(result!.outputs.map(({ kind, sha256 }) => [kind, sha256]));
    }
    expect(hashes[0]).toEqual(hashes[1]);
  });

  it('stops at Ctrl-C within a second, without a half-written file', async () => {
    writeWav(join(cwd, 'long.wav'), testSong(120), RATE_HZ);
    const { child, done } = startForge(
      ['duck', 'long.wav', '--voice', 'vo.wav', '--out', 'stop', '-o', 'stopped.wav', '--progress', 'plain'],
      { cwd },
    );
    await untilStderr(child, 'duck');
    const startedMs = Date.now();
    child.kill('SIGINT');
    const result = await done;
    expect(Date.now() - startedMs).toBeLessThan(1500);
    expect(result.signal === 'SIGINT' || result.code === 130).toBe(true);
    expect(existsSync(join(cwd, 'stopped.wav'))).toBe(false);
  });
});

describe('forge automate', () => {
  it('takes a folder: pairs by name, one bed for several voices, and what has no partner', async () => {
    const cwd = temporaryFolder();
    writePair(join(cwd, 'show'), 'ep1.music.wav', 'ep1.voice.wav');
    writePair(join(cwd, 'show/shared'), 'music.wav', 'a-vo.wav');
    writeWav(join(cwd, 'show/shared/b_vo.wav'), [makeVoice(6, RATE_HZ, [[1, 4]])], RATE_HZ);
    writeWav(join(cwd, 'show/lost-voice.wav'), [makeVoice(6, RATE_HZ, [[1, 4]])], RATE_HZ);
    const run = await forge(['automate', 'show', '--difference-lu', '12', '--json'], { cwd });
    COMMAND_SCHEMAS.automate!.parse(jsonOf(run));
    expect(run.code, run.stdout + run.stderr).toBe(4);
    const byFolder = Object.fromEntries(resultsOf(run).map((result) => [result.folder ?? 'none', result]));
    for (const name of ['a', 'b', 'ep1']) {
      const result = byFolder[join('forge-out', name)]!;
      expect(result.status).toBe('ok');
      expect(result.wantedLu).toBe(12);
      expect(existsSync(join(cwd, 'forge-out', name, 'master.wav'))).toBe(true);
    }
    expect(byFolder.none!.error!.message).toMatch(/expected a bed for lost/);
    expect(run.stderr).not.toMatch(/internal/);
  }, 90_000);

  it('takes a file of pairs with options of their own, and prints the plan', async () => {
    const cwd = temporaryFolder();
    writePair(cwd);
    writeFileSync(
      join(cwd, 'pairs.yaml'),
      'set: { duck.carve: off }\npairs:\n  - { bed: music.wav, voice: vo.wav, name: one }\n  - { bed: music.wav, voice: vo.wav, name: two, set: { duck.bed: ambience } }\n',
    );
    const plan = await forge(['automate', 'pairs.yaml', '--dry-run'], { cwd });
    expect(plan.code, plan.stderr).toBe(0);
    expect(existsSync(join(cwd, 'forge-out'))).toBe(false);
    const run = await forge(['automate', 'pairs.yaml', '--preset', 'podcast', '--json'], { cwd });
    expect(run.code, run.stderr).toBe(0);
    const results = resultsOf(run);
    expect(results.map(({ wantedLu, carve }) => [wantedLu, carve!.strength])).toEqual([
      [10, 'off'],
      [15, 'off'],
    ]);
    expect(results[0]!.masters![0]!.preset).toBe('podcast');
  }, 60_000);

  it.each([
    ['a key that is unknown', 'pairs:\n  - { bed: a.wav, voice: b.wav, gain: 3 }\n', 3, /gain/],
    [
      'two pairs of one name',
      'pairs:\n  - { bed: a.wav, voice: b.wav }\n  - { bed: c.wav, voice: b.wav }\n',
      3,
      /twice/,
    ],
    ['no pairs', 'pairs: []\n', 3, /pairs/],
  ])('tells of %s', async (_name, text, code, message) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'pairs.yaml'), text);
    const run = await forge(['automate', 'pairs.yaml'], { cwd });
    expect(run.code).toBe(code);
    expect(run.stderr).toMatch(message);
  });
});
