// How many frames a packet of Opus or Vorbis stands for, from its first bytes, without decoding it.
// @source RFC 6716, clause 3.1 (Opus); Vorbis I, clause 4.3.1
import { FormatError, LsbReader } from './vorbis-bits.js';
import { bitLength, parseVorbisSetup, type VorbisSetup } from './vorbis-setup.js';

const SILK_FRAMES = [480, 960, 1920, 2880];
const CELT_FRAMES = [120, 240, 480, 960];

/** Frames at 48 kHz of an Opus packet; 0 for an empty one. */
export function opusPacketFrames(packet: Uint8Array): number {
  const head = packet[0];
  if (head === undefined) return 0;
  const mode = head >> 3;
  const each =
    mode < 12 ? SILK_FRAMES[mode & 3]! : mode < 16 ? SILK_FRAMES[mode & 1]! : CELT_FRAMES[mode & 3]!;
  const code = head & 3;
  return each * (code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 63);
}

/** A function of each audio packet in turn: the frames that it completes. Headers that break the format count as 0. */
export function vorbisPacketCounter(
  identification: Uint8Array,
  setupPacket: Uint8Array,
): (packet: Uint8Array) => number {
  let setup: VorbisSetup;
  try {
    setup = parseVorbisSetup(identification, setupPacket);
  } catch (thrown) {
    if (thrown instanceof FormatError) return () => 0;
    throw thrown;
  }
  const { modes, blockSizes } = setup;
  let previousSize = 0;
  return (packet) => {
    const reader = new LsbReader(packet);
    const mode = reader.read(1) === 0 ? modes[reader.read(bitLength(modes.length - 1))] : undefined;
    if (mode === undefined) return 0;
    const size = blockSizes[mode.isLong ? 1 : 0];
    const frames = previousSize === 0 ? 0 : (previousSize + size) / 4;
    previousSize = size;
    return frames;
  };
}
