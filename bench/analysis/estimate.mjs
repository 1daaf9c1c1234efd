// forge's own estimates for every labelled WAV of a folder, as NAME.forge.json beside it.
//   node bench/analysis/estimate.mjs DIR [--again]      (after `npm run build`; FORGE_DIST and FORGE_BEATS name others)
// Features are kept as NAME.bands and NAME.pitches, so that a change of the analysis does not read the audio again.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = pathToFileURL(`${resolve(process.env.FORGE_DIST ?? 'dist')}/`);
const load = (path) => import(new URL(path, dist));
const { extractMusicFeatures } = await load('dsp/music-features.js');
const { openWav } = await load('audio/wav-reader.js');
const { createBeatNetwork } = await load('models/beats.js');
const { analyzeMusic } = await load('dsp/music-analysis.js');

const folder = process.argv[2];
const isAgain = process.argv.includes('--again');
const network = await createBeatNetwork(process.env.FORGE_BEATS ?? 'weights/beats/beats.onnx');
for (const name of readdirSync(folder)
  .filter((n) => /^[^.]+\.json$/.test(n))
  .sort()) {
  const base = join(folder, name.slice(0, -5));
  if (!isAgain && existsSync(`${base}.forge.json`)) continue;
  const features = featuresOf(base);
  const activations = await network.run(features.bands);
  writeFileSync(`${base}.forge.json`, JSON.stringify(analyzeMusic(features, activations)));
}

function featuresOf(base) {
  if (existsSync(`${base}.bands`) && existsSync(`${base}.pitches`)) {
    const bytes = (kind) => new Uint8Array(readFileSync(`${base}.${kind}`));
    const pitches = bytes('pitches');
    return { durationSec: pitches.length / 2520, bands: bytes('bands'), pitches };
  }
  const reader = openWav(`${base}.wav`);
  const features = extractMusicFeatures(reader, { startFrame: 0, endFrame: reader.frameCount });
  reader.close();
  writeFileSync(`${base}.pitches`, features.pitches);
  writeFileSync(`${base}.bands`, features.bands);
  return features;
}
