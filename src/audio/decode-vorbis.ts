// Decodes Ogg Vorbis where there is no ffmpeg.
import { ForgeError } from '../errors.js';
import type { AudioBlock } from './audio-file.js';
import type { DamageLog } from './damage.js';
import { FFMPEG_HINT } from './ffmpeg.js';
import type { InputFile } from './input-file.js';
import type { AudioInfo } from './probe.js';

export async function* decodeVorbis(
  _file: InputFile,
  info: AudioInfo,
  _damage: DamageLog,
): AsyncGenerator<AudioBlock> {
  throw new ForgeError('input/needs-ffmpeg', `${info.path} is Vorbis, which needs ffmpeg`, {
    hint: FFMPEG_HINT,
  });
}
