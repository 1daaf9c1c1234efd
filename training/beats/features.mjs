// Turns every WAV of a folder into forge's own features, so that the network learns from what it will be given.
//   node training/beats/features.mjs DIR [--delete]     (after `npm run build`; FORGE_DIST names another build)
// Writes NAME.bands (bytes [frames][40], 100 frames a second) and NAME.pitches (bytes [frames][252], 10 a second).
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = pathToFileURL(`${resolve(process.env.FORGE_DIST ?? 'dist')}/`);
const { extractMusicFeatures } = await import(new URL('dsp/music-features.js', dist));
const { openWav } = await import(new URL('audio/wav-reader.js', dist));

const folder = process.argv[2];
for (const name of readdirSync(folder)
  .filter((n) => n.endsWith('.json'))
  .sort()) {
  const base = join(folder, name.slice(0, -5));
  if (existsSync(`${base}.bands`) || !existsSync(`${base}.wav`)) continue;
  const reader = openWav(`${base}.wav`);
  const features = extractMusicFeatures(reader, { startFrame: 0, endFrame: reader.frameCount });
  reader.close();
  writeFileSync(`${base}.pitches`, features.pitches);
  writeFileSync(`${base}.bands`, features.bands);
  if (process.argv.includes('--delete')) rmSync(`${base}.wav`);
}
