// forge's own estimates for every labelled WAV of a folder, as NAME.forge.json beside it.
//   npx tsx bench/analysis/estimate.ts DIR [NETWORK.onnx]
// Features are kept as NAME.bands and NAME.pitches, so that a change of the analysis does not read the audio again.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWav } from '../../src/audio/wav-reader.js';
import { analyzeMusic } from '../../src/dsp/music-analysis.js';
import { extractMusicFeatures, type MusicFeatures } from '../../src/dsp/music-features.js';
import { PITCH_BIN_COUNT, PITCH_FRAMES_PER_SEC } from '../../src/dsp/tonal/pitch-frames.js';
import { createBeatNetwork } from '../../src/models/beats.js';

export const PACKAGE_NETWORK = join(import.meta.dirname, '../../weights/beats/beats.onnx');

/** Analyses what a folder's labels (NAME.json) name; gives the number of pieces. */
export async function estimateFolder(folder: string, networkPath: string = PACKAGE_NETWORK): Promise<number> {
  const network = await createBeatNetwork(networkPath);
  const names = readdirSync(folder).filter((name) => /^[^.]+\.json$/.test(name));
  for (const name of names.sort()) {
    const base = join(folder, name.slice(0, -'.json'.length));
    const features = readFeatures(base);
    const analysis = analyzeMusic(features, await network.run(features.bands));
    writeFileSync(`${base}.forge.json`, JSON.stringify(analysis));
  }
  await network.release();
  return names.length;
}

function readFeatures(base: string): MusicFeatures {
  if (existsSync(`${base}.bands`) && existsSync(`${base}.pitches`)) {
    const bytesOf = (kind: string) => new Uint8Array(readFileSync(`${base}.${kind}`));
    const pitches = bytesOf('pitches');
    const durationSec = pitches.length / (PITCH_BIN_COUNT * PITCH_FRAMES_PER_SEC);
    return { durationSec, bands: bytesOf('bands'), pitches };
  }
  const reader = openWav(`${base}.wav`);
  try {
    const features = extractMusicFeatures(reader, { startFrame: 0, endFrame: reader.frameCount });
    writeFileSync(`${base}.pitches`, features.pitches);
    writeFileSync(`${base}.bands`, features.bands);
    return features;
  } finally {
    reader.close();
  }
}

if (process.argv[1]?.endsWith('estimate.ts')) {
  console.log(`${await estimateFolder(process.argv[2]!, process.argv[3])} pieces`);
}
