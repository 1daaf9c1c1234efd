// The onsets of a part that a drummer follows, found in audio block by block.
import type { AudioReader } from '../audio/audio-file.js';
import { AttackFinder } from '../dsp/attacks.js';
import type { FollowSource } from '../players/follow.js';

const BLOCK_FRAMES = 1 << 15;

/** The onsets of a whole part; channels are taken together. */
export function followOf(reader: AudioReader): FollowSource {
  const finder = new AttackFinder(reader.sampleRateHz);
  const block = Array.from({ length: reader.channelCount }, () => new Float64Array(BLOCK_FRAMES));
  for (let start = 0; start < reader.frameCount; start += BLOCK_FRAMES) {
    reader.read(start, block);
    finder.push(meanOf(block));
  }
  return { onsets: finder.finish() };
}

function meanOf(block: readonly Float64Array[]): Float64Array {
  return block[0]!.map((_, frame) => block.reduce((sum, channel) => sum + channel[frame]!, 0) / block.length);
}
