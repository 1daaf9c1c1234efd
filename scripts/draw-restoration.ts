// Draws docs/images/restoration/*.svg: spectrograms of made sound with known damage, before and after forge mended it.
// Run by `npx tsx scripts/draw-restoration.ts` after a build; the same code gives the same pictures.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEmbeddedDenoiser } from '../src/dsp/denoise/embedded-denoiser.js';
import { judgeNoise, measureLevels, noisePowerOf } from '../src/dsp/denoise/noise-evidence.js';
import { createResidualRange } from '../src/dsp/denoise/residual-range.js';
import { findBandLimit, measureBand } from '../src/dsp/repair/band-limit.js';
import { brightSlope, measureSlopes } from '../src/dsp/repair/bandwidth.js';
import { ceilingOf, measureFlatTops } from '../src/dsp/repair/clipping.js';
import { measureCombs, measurePhasors } from '../src/dsp/repair/hum-lines.js';
import { resolveHum, trackHum } from '../src/dsp/repair/hum-track.js';
import { type RepairSetting, runRepair } from '../src/dsp/repair/repairs.js';
import { countLines, findStillLines } from '../src/dsp/repair/still-lines.js';
import { judgeVoice, measureVoiceLevels } from '../src/dsp/repair/voice.js';
import { createStft } from '../src/dsp/stft.js';
import { differenceOf, musicLike, sumOf, whiteNoise } from '../test/dsp/denoise/signals.js';
import { combAliases } from '../test/dsp/repair/artefacts.js';
import { randomFrom, sourceOf } from '../test/dsp/repair/sources.js';
import { addAt, bandNoise, voiceInRoom } from '../test/dsp/repair/voices.js';

const RATE = 24_000;
const SECONDS = 12;
const FRAMES = SECONDS * RATE;
const folder = join(import.meta.dirname, '..', 'docs', 'images', 'restoration');
const COLUMNS = 120;
const ROWS = 48;
const CELL = { width: 4, height: 4 };
const GAP = 24;
const LOWEST_DB = -95;
const HIGHEST_DB = -25;

/** Colour of a level, from dark to bright. */
function colourOf(levelDb: number): string {
  const share = Math.min(1, Math.max(0, (levelDb - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB)));
  const step = Math.round(share * 9) / 9;
  const red = Math.round(255 * Math.min(1, 1.6 * step));
  const green = Math.round(255 * step ** 2.2);
  const blue = Math.round(90 + 90 * Math.sin(Math.PI * step));
  return `#${[red, green, blue].map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** A picture of the levels over time and frequency, from 0 to `topHz` upwards. */
function spectrogram(samples: Float64Array, left: number, topHz: number, rateHz: number): string {
  const size = topHz < 1000 ? 8192 : 1024;
  const stft = createStft({ fftSize: size, hopFrames: size / 2, window: 'hann' });
  const re = new Float64Array(stft.binCount);
  const im = new Float64Array(stft.binCount);
  const colours = Array.from({ length: ROWS }, () => [] as string[]);
  for (let column = 0; column < COLUMNS; column++) {
    const middle = Math.round(((column + 0.5) * samples.length) / COLUMNS);
    stft.analyse(samples, middle - size / 2, re, im);
    for (let row = 0; row < ROWS; row++) {
      const low = Math.floor(((ROWS - 1 - row) * topHz * size) / ROWS / rateHz);
      const high = Math.max(low + 1, Math.floor(((ROWS - row) * topHz * size) / ROWS / rateHz));
      let power = 0;
      for (let k = low; k < Math.min(high, stft.binCount); k++)
        power = Math.max(power, re[k]! ** 2 + im[k]! ** 2);
      colours[row]!.push(colourOf(10 * Math.log10((16 * power) / size ** 2 / 2 + 1e-15)));
    }
  }
  // One path a colour, of runs of cells.
  const paths = new Map<string, string>();
  for (const [row, line] of colours.entries()) {
    for (let from = 0; from < COLUMNS; ) {
      let to = from;
      while (to < COLUMNS && line[to] === line[from]) to++;
      const length = (to - from) * CELL.width;
      const run = `M${left + from * CELL.width} ${GAP + row * CELL.height}h${length}v${CELL.height}h-${length}z`;
      paths.set(line[from]!, (paths.get(line[from]!) ?? '') + run);
      from = to;
    }
  }
  return [...paths].map(([colour, runs]) => `<path fill="${colour}" d="${runs}"/>`).join('');
}

function draw(
  name: string,
  title: string,
  before: Float64Array,
  after: Float64Array,
  topHz: number,
  rateHz = RATE,
): void {
  const width = COLUMNS * CELL.width;
  const right = width + GAP;
  const label = (x: number, text: string) =>
    `<text x="${x}" y="16" font-family="sans-serif" font-size="12" fill="#444">${text}</text>`;
  const foot = `<text x="0" y="${GAP + ROWS * CELL.height + 16}" font-family="sans-serif" font-size="11" fill="#666">0 to ${topHz} Hz, ${(before.length / rateHz).toFixed(0)} s, ${LOWEST_DB} to ${HIGHEST_DB} dBFS</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${right + width} ${GAP + ROWS * CELL.height + GAP}" shape-rendering="crispEdges">${label(0, `${title}: before`)}${label(right, 'after')}${spectrogram(before, 0, topHz, rateHz)}${spectrogram(after, right, topHz, rateHz)}${foot}</svg>\n`;
  writeFileSync(join(folder, `${name}.svg`), svg);
  console.log(`${name}.svg ${(svg.length / 1024).toFixed(0)} kB`);
}

function mend(setting: RepairSetting, samples: Float64Array, rateHz = RATE): Float64Array {
  const output = new Float64Array(samples.length);
  runRepair(setting, sourceOf([samples], rateHz), 0, samples.length, [output]);
  return output;
}

mkdirSync(folder, { recursive: true });
const { clean, spans } = voiceInRoom(FRAMES, RATE);
const source = (samples: Float64Array) => sourceOf([samples], RATE);
const voice = judgeVoice(measureVoiceLevels(source(clean), 0, FRAMES, spans), spans)!;
const amplitude = Math.sqrt(voice.power);
const places = (startsSec: readonly number[], lengthSec: number) =>
  startsSec.map((sec) => ({
    startFrame: Math.round(sec * RATE),
    endFrame: Math.round((sec + lengthSec) * RATE),
  }));

const humming = sumOf(
  clean,
  Float64Array.from({ length: FRAMES }, (_, n) => {
    let sum = 0;
    for (let k = 1; k <= 15; k++) sum += (0.01 / k) * Math.sin((2 * Math.PI * 50.06 * k * n) / RATE + k * k);
    return sum;
  }),
);
const track = trackHum(measureCombs(source(humming), 0, FRAMES))!;
const hum = resolveHum(track, measurePhasors(source(humming), 0, FRAMES, track.track))!;
draw('hum', 'Hum', humming, mend({ repair: 'hum', hum }, humming), 800);

const random = randomFrom(3);
const clicking = clean.slice();
for (let at = 4000; at < FRAMES - 4000; at += 4000 + Math.floor(8000 * random()))
  for (let n = 0; n < 6; n++) clicking[at + n]! += (random() < 0.5 ? -0.3 : 0.3) * random();
draw('clicks', 'Clicks', clicking, mend({ repair: 'clicks', thresholdDb: 30 }, clicking), 12_000);

const loudest = clean.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const clipped = clean.map((value) => Math.max(-0.75 * loudest, Math.min(0.75 * loudest, value)));
const ceilings = [
  { positive: ceilingOf(measureFlatTops(clipped, 1)), negative: ceilingOf(measureFlatTops(clipped, -1)) },
];
draw('clipping', 'Clipping', clipped, mend({ repair: 'clipping', ceilings }, clipped), 12_000);

const shaking = clean.map(
  (value, n) => value + 0.02 + 0.02 * Math.sin((2 * Math.PI * (7 + Math.sin(n / RATE)) * n) / RATE),
);
const standing = mend({ repair: 'rumble' }, mend({ repair: 'dc', offsets: [0.02] }, shaking));
draw('rumble', 'Offset and rumble', shaking, standing, 200);

const hissy = sumOf(clean, whiteNoise(FRAMES, -52, 8));
const evidence = judgeNoise(measureLevels(source(hissy), 0, FRAMES), RATE);
const denoiser = createEmbeddedDenoiser({
  sampleRateHz: RATE,
  channelCount: 1,
  isLinked: true,
  maxReductionDb: 15,
  noisePower: noisePowerOf(evidence, RATE),
});
const residual = new Float64Array(FRAMES);
await createResidualRange(source(hissy), denoiser, undefined).read(0, [residual]);
draw('hiss', 'Hiss', hissy, differenceOf(hissy, residual), 12_000);

const thump = Float64Array.from(
  { length: FRAMES },
  (_, n) => 6 * amplitude * Math.sin((2 * Math.PI * 38 * n) / RATE),
);
const popping = addAt(clean, thump, places([0.05, 1.55, 4.55, 6.05, 9.05], 0.07));
const plosives = { repair: 'plosives', voice, thresholdDb: -12, maxReductionDb: 30 } as const;
draw('plosives', 'Plosives', popping, mend(plosives, popping), 400);

const hiss = bandNoise(FRAMES, 5500, 9000, RATE, 4).map((value) => 17 * amplitude * value);
const hissing = addAt(clean, hiss, places([0.46, 1.96, 3.46, 4.96, 6.46, 7.96, 9.46, 10.96], 0.09));
const sibilance = { repair: 'sibilance', voice, thresholdDb: -2, maxReductionDb: 9 } as const;
draw('sibilance', 'Sibilants', hissing, mend(sibilance, hissing), 12_000);

const breath = bandNoise(FRAMES, 700, 5000, RATE, 3).map((value) => 0.15 * amplitude * value);
const breathing = addAt(clean, breath, places([1.1, 4.1, 5.6, 8.6], 0.3));
draw('breaths', 'Breaths', breathing, mend({ repair: 'breaths', voice, reductionDb: 12 }, breathing), 8000);

// The band above 4 kHz needs the whole rate.
const FULL_RATE = 48_000;
const fullFrames = 6 * FULL_RATE;
const song = sumOf(musicLike(fullFrames, FULL_RATE), whiteNoise(fullFrames, -78, 2));
const shimmering = song.slice();
for (let start = 0; start + 2048 < fullFrames; start += 1024) {
  for (let line = 0; line < 4; line++) {
    const hz = 4500 + 10_000 * random();
    for (let n = 0; n < 1024; n++)
      shimmering[start + n]! +=
        0.004 * Math.sin((Math.PI * n) / 1024) ** 2 * Math.sin((2 * Math.PI * hz * n) / FULL_RATE);
  }
}
const still = mend({ repair: 'shimmer', maxReductionDb: 18 }, shimmering, FULL_RATE);
draw('shimmer', 'Shimmer', shimmering, still, 16_000, FULL_RATE);

const whistling = sumOf(
  song,
  combAliases(fullFrames, FULL_RATE).map((value) => 0.002 * value),
);
const lines = findStillLines(countLines(sourceOf([whistling], FULL_RATE), 0, fullFrames), FULL_RATE);
const silenced = mend({ repair: 'stillLines', lines, maxReductionDb: 18 }, whistling, FULL_RATE);
draw('still-lines', 'Aliases that never move', whistling, silenced, 16_000, FULL_RATE);

const dull = lowPassed(song, 11_000);
const dullSource = sourceOf([dull], FULL_RATE);
const cutoffHz = findBandLimit(measureBand(dullSource, 0, fullFrames), FULL_RATE)!;
const slopeDbPerOctave = brightSlope(measureSlopes(dullSource, 0, fullFrames, cutoffHz));
const bright = mend({ repair: 'bandwidth', cutoffHz, slopeDbPerOctave, share: 1 }, dull, FULL_RATE);
draw('bandwidth', 'Bandwidth, cut at 11 kHz', dull, bright, 22_000, FULL_RATE);

function lowPassed(samples: Float64Array, hz: number): Float64Array {
  const half = 150;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, n) => {
    const x = n - half;
    const window = 0.42 - 0.5 * Math.cos((Math.PI * n) / half) + 0.08 * Math.cos((2 * Math.PI * n) / half);
    return (
      window * (x === 0 ? (2 * hz) / FULL_RATE : Math.sin((2 * Math.PI * hz * x) / FULL_RATE) / (Math.PI * x))
    );
  });
  const padded = new Float64Array(samples.length + 2 * half);
  padded.set(samples, half);
  return samples.map((_, n) => {
    let sum = 0;
    for (let k = 0; k < taps.length; k++) sum += taps[k]! * padded[n + k]!;
    return sum;
  });
}
