// What each character of `forge master` does to the demo song, as tables (printed) and as a plot (docs/images): run after
// a build, `node scripts/characters.mjs [FILE]`. Figures are measured on the written masters, all at −23 LUFS, where the
// limiter has nothing to do.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openWav } from '../dist/audio/wav-reader.js';
import { bandBlockFrames, measureBandLevels } from '../dist/dsp/bands/band-levels.js';
import { createProcessor } from '../dist/dsp/registry.js';
import { THIRD_OCTAVES_HZ } from '../dist/dsp/spectrum/bands.js';

const root = join(import.meta.dirname, '..');
const song = resolve(process.argv[2] ?? join(root, 'fixtures/demo/demo.flac'));
const CHARACTERS = ['none', 'clean', 'valve', 'punch', 'transparent'];
const COLOURS = { clean: '#1b6ca8', valve: '#c0392b', punch: '#d68910', transparent: '#1e8449' };
const CORNERS_HZ = [120, 800, 5000];
const BAND_NAMES = ['to 120 Hz', 'to 800 Hz', 'to 5 kHz', 'above'];

const folder = mkdtempSync(join(tmpdir(), 'forge-characters-'));
try {
  const made = CHARACTERS.map(master);
  printTable(made);
  printHarmonics(made);
  mkdirSync(join(root, 'docs/images'), { recursive: true });
  writeFileSync(join(root, 'docs/images/characters.svg'), plot(made));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The demo song as a character makes it, with its measures. */
function master(character) {
  const out = join(folder, character);
  const flags = ['--preset', 'broadcast', '--genre', 'pop', '--character', character];
  const entry = forge('master', song, ...flags, '--format', 'wav', '--out', out).masters[0];
  const [name] = song.split('/').at(-1).split('.');
  const path = join(out, name, 'master.wav');
  const { dynamics } = forge('analyze', path, '--only', 'dynamics', '--out', join(out, 'measured'));
  return { character, entry, dynamics, rangesDb: bandRanges(path) };
}

function forge(...args) {
  const command = [join(root, 'bin/forge.js'), ...args, '--json', '--quiet'];
  const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout).results[0];
}

/** Per band, the standard deviation of its level over thirds of a millisecond, pauses under −70 dB left out, in dB. */
function bandRanges(path) {
  const reader = openWav(path);
  const { sampleRateHz } = reader;
  const frames = reader.frameCount - (reader.frameCount % bandBlockFrames(sampleRateHz));
  const histograms = measureBandLevels(reader, sampleRateHz, CORNERS_HZ, 0, frames);
  reader.close();
  return histograms.map((bins) => {
    let [count, sum, squares] = [0, 0, 0];
    // Bin k holds levels from k − 120 dB on.
    for (let bin = 50; bin < bins.length; bin++) {
      count += bins[bin];
      sum += bin * bins[bin];
      squares += bin * bin * bins[bin];
    }
    return Math.sqrt(squares / count - (sum / count) ** 2);
  });
}

function printTable(made) {
  const row = (label, figure) => `| ${[label, ...made.map((one) => figure(one))].join(' | ')} |`;
  const loudness = (one) => one.entry.after.loudness;
  const digits = (value) => (value === null ? '–' : value.toFixed(1).replace('-', '−'));
  console.log(row('', ({ character }) => character));
  console.log(`|${' --- |'.repeat(made.length + 1)}`);
  console.log(row('integrated, LUFS', (one) => digits(loudness(one).integratedLufs)));
  console.log(row('peak to loudness (PLR), LU', (one) => digits(loudness(one).plrLu)));
  console.log(row('crest factor, dB', (one) => digits(one.dynamics.crestFactorDb)));
  console.log(row('loudness range, LU', (one) => digits(loudness(one).loudnessRangeLu)));
  for (const [band, name] of BAND_NAMES.entries())
    console.log(row(`spread of levels ${name}, dB`, (one) => digits(one.rangesDb[band])));
  for (const band of ['bass', 'mid', 'presence'])
    console.log(row(`${band}, dB of the power`, (one) => digits(one.entry.after.spectrum.bands[band])));
  console.log(row('devices', (one) => one.entry.chain.map(({ device }) => device).join(', ')));
}

/** Harmonics of a 1 kHz sine at the peak of the song, through the character's saturator. */
function printHarmonics(made) {
  const rateHz = 48_000;
  const frames = rateHz;
  console.log('\n| | 2nd | 3rd | 4th | 5th |\n| --- | --- | --- | --- | --- |');
  for (const { character, entry } of made) {
    const saturator = entry.chain.find(({ device }) => device === 'saturator');
    if (saturator === undefined) continue;
    const peak = 10 ** (entry.before.loudness.samplePeakDbfs / 20);
    const device = createProcessor('saturator', saturator.settings, rateHz, 1);
    const tone = Float32Array.from({ length: 2 * frames }, (_, i) => peak * Math.sin((2 * Math.PI * i) / 48));
    device.process([tone]);
    const level = (hz) => {
      let [re, im] = [0, 0];
      for (let i = 0; i < frames; i++) {
        re += tone[frames + i] * Math.cos((2 * Math.PI * hz * i) / rateHz);
        im += tone[frames + i] * Math.sin((2 * Math.PI * hz * i) / rateHz);
      }
      return 20 * Math.log10(Math.hypot(re, im));
    };
    const shown = [2, 3, 4, 5].map((order) => level(1000 * order) - level(1000));
    const cells = shown.map((db) => (db < -120 ? '–' : db.toFixed(1).replace('-', '−')));
    console.log(`| ${[character, ...cells].join(' | ')} |`);
  }
}

/** Third octaves of every character against those of gain and limiter alone. */
function plot(made) {
  const [plain, ...others] = made;
  const width = 760;
  const height = 320;
  const [left, right, top, bottom] = [48, 16, 16, 44];
  const x = (hz) => left + ((width - left - right) * Math.log(hz / 20)) / Math.log(1000);
  const y = (db) => top + ((height - top - bottom) * (8 - db)) / 16;
  const lines = others.map(({ character, entry }) => {
    const points = THIRD_OCTAVES_HZ.flatMap((hz, i) => {
      const after = entry.after.spectrum.thirdOctavesDb[i];
      const before = plain.entry.after.spectrum.thirdOctavesDb[i];
      if (after === null || before === null || hz < 20 || hz > 20_000) return [];
      return [`${x(hz).toFixed(1)},${y(Math.max(-8, Math.min(8, after - before))).toFixed(1)}`];
    });
    return `<polyline fill="none" stroke="${COLOURS[character]}" stroke-width="2" points="${points.join(' ')}"/>`;
  });
  const grid = [-8, -4, 0, 4, 8].map(
    (db) =>
      `<line x1="${left}" x2="${width - right}" y1="${y(db)}" y2="${y(db)}" stroke="#ccc"/><text x="${left - 6}" y="${y(db) + 4}" text-anchor="end">${db}</text>`,
  );
  const ticks = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000].map(
    (hz) =>
      `<line x1="${x(hz).toFixed(1)}" x2="${x(hz).toFixed(1)}" y1="${top}" y2="${height - bottom}" stroke="#eee"/><text x="${x(hz).toFixed(1)}" y="${height - bottom + 16}" text-anchor="middle">${hz < 1000 ? hz : `${hz / 1000}k`}</text>`,
  );
  const legend = others.map(
    ({ character }, i) =>
      `<text x="${left + 12 + 110 * i}" y="${height - 8}" fill="${COLOURS[character]}">${character}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Third octaves of each character against gain alone, in dB">
<rect width="${width}" height="${height}" fill="#fff"/>
${[...ticks, ...grid, ...lines, ...legend].join('\n')}
</svg>
`;
}
