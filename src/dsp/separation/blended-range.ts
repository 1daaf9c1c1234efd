// forge-lite: the stems of a range by the network and by forge-classic's rules, averaged.
// The network is the better on most music; the rules keep what it never heard in training from going astray. Where both are
// right the average stays right, and where they differ their errors cancel in part.
import { createNetworkSeparator, type NetworkSong, type ShareNetwork } from './network-range.js';
import {
  createRangeSeparator,
  type ReadSong,
  STEM_NAMES,
  type StemName,
  type Stems,
} from './separate-range.js';

/** Weight of the rules' stems; the network's have the rest. */
const RULES_SHARE = 0.4;

/** The song that a range is part of. */
export interface BlendedSong extends NetworkSong {
  readonly frameCount: number;
  /** Share of the whole song's power in the centre (centre-share.ts). */
  readonly centreShare: number;
}

export interface BlendedSeparator {
  /** The stems of the samples [startSample, endSample); `progress` is told how many samples are done. */
  separate(
    read: ReadSong,
    song: BlendedSong,
    startSample: number,
    endSample: number,
    progress?: (samplesDone: number) => void,
  ): Promise<Stems>;
}

/** A separator for a sample rate; it serves one thread. */
export function createBlendedSeparator(sampleRateHz: number, network: ShareNetwork): BlendedSeparator {
  const byNetwork = createNetworkSeparator(sampleRateHz, network);
  const byRules = createRangeSeparator(sampleRateHz);
  return {
    async separate(read, song, startSample, endSample, progress) {
      const half = Math.round((endSample - startSample) / 2);
      const judged = await byNetwork.separate(read, song, startSample, endSample, (done) =>
        progress?.(Math.round(done / 2)),
      );
      const ruled = byRules.separate(read, song, startSample, endSample, (done) =>
        progress?.(half + Math.floor(done / 2)),
      );
      for (const name of STEM_NAMES) blend(judged[name], ruled[name]);
      return judged;
    },
  };
}

function blend(into: Stems[StemName], other: Stems[StemName]): void {
  for (const [channel, samples] of into.entries()) {
    const second = other[channel]!;
    for (let i = 0; i < samples.length; i++)
      samples[i] = samples[i]! + RULES_SHARE * (second[i]! - samples[i]!);
  }
}
