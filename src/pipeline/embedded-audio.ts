// Audio as text that a page can hold and play: small files as they are, others as MP3. Without an encoder the bytes of the
// file itself are taken, whatever their size.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { decodeAudio } from '../audio/decode.js';
import { encodeAudio } from '../audio/encode.js';
import { probeAudio } from '../audio/probe.js';
import { openWav } from '../audio/wav-reader.js';
import { ForgeError } from '../errors.js';

/** Endings of what browsers play, with their types; lossy ones are embedded as they are. */
const TYPES: Readonly<Record<string, string>> = {
  '.mp3': 'audio/mpeg',
  '.m4a': 'audio/mp4',
  '.opus': 'audio/ogg',
  '.ogg': 'audio/ogg',
  '.flac': 'audio/flac',
  '.wav': 'audio/wav',
};
const LOSSY = ['.mp3', '.m4a', '.opus', '.ogg'];
const BITRATE_KBPS = 192;

export interface EmbeddedAudio {
  readonly dataUri: string;
  /** What was done to the file, for the listener to know; undefined where nothing was. */
  readonly note: string | undefined;
}

/** @throws ForgeError input/* where the file cannot be read, output/* where the encoder fails */
export async function embedAudio(path: string): Promise<EmbeddedAudio> {
  const ending = extname(path).toLowerCase();
  if (LOSSY.includes(ending)) return { dataUri: dataUri(TYPES[ending]!, path), note: undefined };
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-embed-'));
  try {
    const decoded = await decodeAudio(await probeAudio(path), { scratchDir, tolerateDamage: true });
    const encoded = join(scratchDir, 'audio.mp3');
    const reader = openWav(decoded.path, { tolerateDamage: true });
    try {
      // MP3 knows one and two channels.
      if (reader.channelCount > 2)
        return { dataUri: dataUri(TYPES[ending] ?? 'audio/wav', path), note: undefined };
      const { sampleRateHz } = reader;
      const spec = { container: 'mp3', sampleRateHz, sampleFormat: decoded.sampleFormat } as const;
      await encodeAudio(reader, encoded, { ...spec, bitrateKbps: BITRATE_KBPS });
    } finally {
      reader.close();
    }
    return { dataUri: dataUri('audio/mpeg', encoded), note: `embedded as MP3 of ${BITRATE_KBPS} kbit/s` };
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'output/needs-ffmpeg') throw error;
    return { dataUri: dataUri(TYPES[ending] ?? 'audio/wav', path), note: undefined };
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}

function dataUri(type: string, path: string): string {
  return `data:${type};base64,${readFileSync(path).toString('base64')}`;
}
