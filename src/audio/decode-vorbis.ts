// Decodes Ogg Vorbis where there is no ffmpeg: packets by ogg-file.ts, frames by vorbis-packet.ts. The granule position
// of the last page ends the audio; lost packets become silence of their length where damage is tolerated.
import { ForgeError } from '../errors.js';
import type { AudioBlock } from './audio-file.js';
import type { DamageLog } from './damage.js';
import { CHANNEL_ORDERS } from './decode-opus.js';
import { displayPath, type InputFile } from './input-file.js';
import { readPackets, scanOgg } from './ogg-file.js';
import type { AudioInfo } from './probe.js';
import { FormatError } from './vorbis-bits.js';
import { createVorbisDecoder } from './vorbis-packet.js';
import { parseVorbisSetup } from './vorbis-setup.js';

/** @throws ForgeError input/damaged, input/truncated, input/unsupported */
export async function* decodeVorbis(
  file: InputFile,
  info: AudioInfo,
  damage: DamageLog,
): AsyncGenerator<AudioBlock> {
  const name = displayPath(info.path);
  const { serial, channelCount, frameCount } = scanOgg(file, damage);
  const packets = readPackets(file, serial, damage);
  const identification = packets.next().value?.data;
  packets.next(); // the comments
  const setupPacket = packets.next().value?.data;
  if (identification === undefined || setupPacket === undefined) {
    throw new ForgeError('input/bad-header', `the headers of ${name} are cut off`);
  }
  const decoder = createVorbisDecoder(parse(identification, setupPacket, name));
  const order = CHANNEL_ORDERS[channelCount]!;
  let done = 0;
  for (const packet of packets) {
    if (packet.isAfterGap) decoder.reset();
    let frames: Float32Array[];
    try {
      frames = decoder.decode(packet.data);
    } catch (thrown) {
      if (!(thrown instanceof FormatError)) throw thrown;
      damage.report('input/damaged', `${thrown.message}, after frame ${done} of ${name}`);
      decoder.reset();
      continue;
    }
    const left = frameCount! - done;
    const block = order.map((source) => frames[source]!.subarray(0, left));
    done += block[0]!.length;
    if (block[0]!.length > 0) yield block;
    // What is missing before this page's end was lost.
    if (packet.granule > done && !packet.isLast && damage.isTolerant && damage.notes.length > 0) {
      const gap = packet.granule - done;
      done += gap;
      yield order.map(() => new Float32Array(gap));
    }
  }
}

function parse(identification: Uint8Array, setup: Uint8Array, name: string) {
  try {
    return parseVorbisSetup(identification, setup);
  } catch (thrown) {
    if (!(thrown instanceof FormatError)) throw thrown;
    throw new ForgeError(
      'input/unsupported',
      `expected Vorbis headers that keep to the format in ${name}, got ${thrown.message}`,
    );
  }
}
