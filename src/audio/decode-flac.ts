// Decodes native FLAC into floats that hold its integers exactly. The format itself is flac-file.ts's matter.
import type { AudioBlock } from './audio-file.js';
import type { DamageLog } from './damage.js';
import { createFlacDecoder, readFlacInfo } from './flac-file.js';
import type { InputFile } from './input-file.js';
import { id3v2ByteCount } from './mp3-file.js';
import type { AudioInfo } from './probe.js';

/** @throws ForgeError input/damaged, input/truncated, input/unsupported */
export async function* decodeFlac(
  file: InputFile,
  _info: AudioInfo,
  damage: DamageLog,
): AsyncGenerator<AudioBlock> {
  const info = readFlacInfo(file, id3v2ByteCount(file, 0));
  const decoder = createFlacDecoder(file, info, damage);
  const scale = 2 ** (1 - info.bits);
  for (let block = decoder.next(); block !== null; block = decoder.next()) {
    yield block.map((samples) => samples.map((sample) => sample * scale));
  }
}
