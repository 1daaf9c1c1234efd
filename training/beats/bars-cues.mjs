// Cues of the bar network (src/dsp/rhythm/bar-cues.ts) for every item that features.mjs has heard.
//   node training/beats/bars-cues.mjs DIR OUT [--levels]     (after `npm run build`; FORGE_DIST names another build)
// Writes NAME.KIND.f32: rows of cues [28][beats], then a row that is 1 where a bar begins. KIND is l for the labelled beats
// (moved by some milliseconds), e for those that forge finds; with --levels also h and d, every second beat and twice as many.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = pathToFileURL(`${resolve(process.env.FORGE_DIST ?? 'dist')}/`);
const load = (path) => import(new URL(path, dist));
const { createBeatNetwork } = await load('models/beats.js');
const { PACKAGE_WEIGHTS_DIR } = await load('models/card.js');
const { barCues } = await load('dsp/rhythm/bar-cues.js');
const { analyzeRhythm } = await load('dsp/rhythm/analyze-rhythm.js');
const { hearSegments } = await load('dsp/tonal/segments.js');
const { PITCH_BIN_COUNT, PITCH_FRAMES_PER_SEC } = await load('dsp/tonal/pitch-frames.js');

const FEWEST_BEATS = 12;
const [folder, out] = process.argv.slice(2);
const isWithLevels = process.argv.includes('--levels');
mkdirSync(out, { recursive: true });
let seed = 1;
/** Uniform from 0 to 1, seeded. */
const random = () => {
  seed = (seed * 1664525 + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
/** About normal, deviation one. */
const normal = () => 1.4 * Array.from({ length: 6 }, () => random() - 0.5).reduce((a, b) => a + b, 0);
const network = await createBeatNetwork(join(PACKAGE_WEIGHTS_DIR, 'beats', 'beats.onnx'));

for (const name of readdirSync(folder)
  .filter((n) => n.endsWith('.bands'))
  .sort()) {
  const base = name.slice(0, -'.bands'.length);
  const read = (kind) => new Uint8Array(readFileSync(join(folder, `${base}.${kind}`)));
  const labels = JSON.parse(readFileSync(join(folder, `${base}.json`), 'utf8'));
  const [bands, pitches] = [read('bands'), read('pitches')];
  const durationSec = pitches.length / (PITCH_BIN_COUNT * PITCH_FRAMES_PER_SEC);
  const activations = await network.run(bands);
  const write = (kind, beatsSec, begins) => {
    if (beatsSec.length < FEWEST_BEATS) return;
    const { segments } = hearSegments(pitches, durationSec, beatsSec);
    const cues = barCues(beatsSec, segments, bands, activations);
    writeFileSync(
      join(out, `${base}.${kind}.f32`),
      new Uint8Array(Float32Array.of(...cues, ...begins).buffer),
    );
  };
  const moved = (beatsSec) => beatsSec.map((sec) => Math.max(0, sec + 0.008 * normal()));
  const labelled = labels.beatsSec.filter((sec) => sec < durationSec - 0.3);
  const downbeats = new Set(labels.downbeatsSec);
  const begins = labelled.map((sec) => (downbeats.has(sec) ? 1 : 0));
  write('l', moved(labelled), begins);
  if (isWithLevels && labels.meter % 2 === 0) {
    const first = begins.indexOf(1);
    const half = labelled.map((_, k) => k).filter((k) => (k - first) % 2 === 0);
    write(
      'h',
      moved(half.map((k) => labelled[k])),
      half.map((k) => begins[k]),
    );
  }
  if (isWithLevels && random() < 0.5) {
    const twice = labelled.flatMap((sec, k) =>
      k + 1 < labelled.length ? [sec, (sec + labelled[k + 1]) / 2] : [sec],
    );
    write(
      'd',
      moved(twice),
      twice.map((_, k) => (k % 2 === 0 ? begins[k / 2] : 0)),
    );
  }
  const found = analyzeRhythm(activations).beatsSec;
  write(
    'e',
    found,
    found.map((sec) => (labels.downbeatsSec.some((other) => Math.abs(other - sec) < 0.07) ? 1 : 0)),
  );
}
await network.release();
