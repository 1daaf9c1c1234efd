// Decodes MP3 where there is no ffmpeg, through mpg123-decoder (WebAssembly), frame by frame, and leaves out the
// encoder's delay and padding by what mp3-file.ts finds.
import type { AudioBlock } from './audio-file.js';
import { ByteWindow } from './byte-window.js';
import type { DamageLog } from './damage.js';
import type { InputFile } from './input-file.js';
import { findFirstFrame, id3v2ByteCount, scanMp3 } from './mp3-file.js';
import type { AudioInfo } from './probe.js';

const READ_BYTES = 1 << 16;

/** @throws ForgeError input/damaged, input/truncated */
export async function* decodeMp3(
  file: InputFile,
  info: AudioInfo,
  damage: DamageLog,
): AsyncGenerator<AudioBlock> {
  const start = id3v2ByteCount(file, 0);
  const scan = scanMp3(file, findFirstFrame(file, start, 1 << 16) ?? start, damage);
  const { MPEGDecoder } = await import('mpg123-decoder');
  const decoder = new MPEGDecoder({ enableGapless: false });
  await decoder.ready;
  try {
    const window = new ByteWindow(file, scan.audioOffset);
    let skip = scan.skipFrames;
    let left = scan.frameCount;
    for (let position = scan.audioOffset; position < scan.audioEnd && left > 0; position += READ_BYTES) {
      const byteCount = Math.min(READ_BYTES, scan.audioEnd - position);
      const index = window.require(position, byteCount);
      const { channelData, errors } = decoder.decode(window.bytes.subarray(index, index + byteCount));
      for (const { message } of errors) damage.report('input/damaged', `${message} in ${info.path}`);
      const decoded = channelData[0]?.length ?? 0;
      const from = Math.min(skip, decoded);
      const to = Math.min(decoded, from + left);
      skip -= from;
      left -= to - from;
      if (to > from)
        yield channelData.slice(0, info.channelCount).map((samples) => samples.subarray(from, to));
    }
  } finally {
    decoder.free();
  }
}
