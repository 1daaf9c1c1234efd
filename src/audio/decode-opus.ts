// Decodes Ogg Opus where there is no ffmpeg: packets by ogg-file.ts, each through opus-decoder (libopus in WebAssembly).
// Pre-skip and the end's granule position are obeyed; the output gain of the header is applied. @source RFC 7845
import { dbToGain } from '../units.js';
import type { AudioBlock } from './audio-file.js';
import type { DamageLog } from './damage.js';
import { displayPath, type InputFile } from './input-file.js';
import { readPackets, scanOgg } from './ogg-file.js';
import type { AudioInfo } from './probe.js';

/** @throws ForgeError input/damaged, input/truncated */
export async function* decodeOpus(
  file: InputFile,
  info: AudioInfo,
  damage: DamageLog,
): AsyncGenerator<AudioBlock> {
  const { serial, preSkipFrames, channelCount, frameCount } = scanOgg(file, damage);
  const packets = readPackets(file, serial, damage);
  const head = packets.next().value!.data;
  packets.next(); // the comments
  const gain = dbToGain(new DataView(head.buffer, head.byteOffset).getInt16(16, true) / 256);
  const hasMapping = head[18] !== 0;
  const { OpusDecoder } = await import('opus-decoder');
  const decoder = new OpusDecoder({
    channels: channelCount,
    streamCount: hasMapping ? head[19]! : 1,
    coupledStreamCount: hasMapping ? head[20]! : channelCount - 1,
    channelMappingTable: hasMapping
      ? [...head.subarray(21, 21 + channelCount)]
      : [0, 1].slice(0, channelCount),
    preSkip: 0,
  });
  await decoder.ready;
  try {
    const order = CHANNEL_ORDERS[channelCount] ?? [];
    let skip = preSkipFrames;
    let left = frameCount!;
    for (const packet of packets) {
      const { channelData, errors } = decoder.decodeFrame(packet.data);
      for (const { message } of errors)
        damage.report('input/damaged', `${message} in ${displayPath(info.path)}`);
      const decoded = channelData[0]?.length ?? 0;
      const from = Math.min(skip, decoded);
      const to = Math.min(decoded, from + left);
      skip -= from;
      left -= to - from;
      if (to <= from) continue;
      yield order.map((source) => {
        const samples = channelData[source]!.slice(from, to);
        if (gain !== 1) for (let i = 0; i < samples.length; i++) samples[i]! *= gain;
        return samples;
      });
      if (left === 0) break;
    }
  } finally {
    decoder.free();
  }
}

/** For each channel of ours (L R C LFE and so on), the one of Vorbis order that holds it, by channel count. */
export const CHANNEL_ORDERS: Readonly<Record<number, readonly number[]>> = {
  1: [0],
  2: [0, 1],
  3: [0, 2, 1],
  4: [0, 1, 2, 3],
  5: [0, 2, 1, 3, 4],
  6: [0, 2, 1, 5, 3, 4],
  7: [0, 2, 1, 6, 5, 3, 4],
  8: [0, 2, 1, 7, 5, 6, 3, 4],
};
