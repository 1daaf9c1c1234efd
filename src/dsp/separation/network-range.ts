// Separates a range of samples into drums, bass, vocals and other by a network that judges cells from their surroundings.
// Method: powers of mid and side in 93 ms windows at a quarter hop; the network's shares are masks on the mixture's own
// spectra of mid and side; `other` is the mixture minus the three, so the stems sum to it. The network is given.
import { createFrameGrid, framesTouching } from './frame-grid.js';
import { createPairStft } from './pair-stft.js';
import { createPowerWindow } from './power-window.js';
import { otherOf, type ReadSong, type Stems } from './separate-range.js';

/** What judges the cells. */
export interface ShareNetwork {
  /** Frames before and after a frame that its shares depend on. */
  readonly marginFrames: number;
  /** Bins from 0 on that it judges. */
  readonly binCount: number;
  /**
   * Shares [mid, side][drums, bass, other, vocals][frames][binCount], which sum to 1 over the stems, of `frameCount`
   * frames; from `powers` [|M|², |S|², Re(M·S*)][marginFrames + frameCount + marginFrames][binCount]. They hold until the
   * next call.
   */
  judge(powers: Float32Array, frameCount: number): Promise<Float32Array>;
}

/** The song that a range is part of. */
export interface NetworkSong {
  readonly channelCount: number;
  /** Root mean square of the song's mid; above 0, also for silence. */
  readonly midRms: number;
}

export interface NetworkSeparator {
  /** The stems of the samples [startSample, endSample); `progress` is told how many samples are done. */
  separate(
    read: ReadSong,
    song: NetworkSong,
    startSample: number,
    endSample: number,
    progress?: (samplesDone: number) => void,
  ): Promise<Stems>;
}

/** Frames that the network judges at once, at most; each chunk costs its margins as well. */
const CHUNK_FRAMES = 65;
/** Root mean square of the mid that the network was trained at, about. */
const USUAL_RMS = 0.07;
/** Distance of its bins: 44.1 kHz over 4096. */
const USUAL_HZ_PER_BIN = 44_100 / 4096;
/** Places of the stems among the network's; what is left of the mixture is `other`. */
const MASKED = { drums: 0, bass: 1, vocals: 3 } as const;

/** Whether the grid of a rate is near the one that the network learned on: its bins are 10.8 Hz apart, give or take 13 %. */
export function isNetworkRate(sampleRateHz: number): boolean {
  return Math.abs(Math.log(createFrameGrid(sampleRateHz).hzPerBin / USUAL_HZ_PER_BIN)) < Math.log(1.13);
}

/** A separator for a sample rate; it serves one thread. */
export function createNetworkSeparator(sampleRateHz: number, network: ShareNetwork): NetworkSeparator {
  const grid = createFrameGrid(sampleRateHz);
  const { fftSize, hopFrames } = grid;
  const stft = createPairStft(fftSize, hopFrames);
  const { binCount, marginFrames } = network;
  const powerWindow = createPowerWindow(stft, binCount);
  return {
    async separate(read, song, startSample, endSample, progress) {
      const { first, last } = framesTouching(grid, startSample, endSample);
      const frames = last - first + 1;
      const firstHeld = first - marginFrames;
      const heldFrames = frames + 2 * marginFrames;
      const blockStart = firstHeld * hopFrames - fftSize / 2;
      const block = Array.from(
        { length: song.channelCount },
        () => new Float32Array((heldFrames - 1) * hopFrames + fftSize),
      );
      read(blockStart, block);
      const analysed = block.slice(0, 2);
      const scale = (USUAL_RMS / song.midRms) ** 2;
      const masked = Object.fromEntries(
        Object.keys(MASKED).map((name) => [name, block.map(() => new Float32Array(endSample - startSample))]),
      ) as Record<keyof typeof MASKED, Float32Array[]>;
      const chunkFrames = Math.ceil(frames / Math.ceil(frames / CHUNK_FRAMES));
      for (let frame = first; frame <= last; frame += chunkFrames) {
        const count = Math.min(chunkFrames, last + 1 - frame);
        const powers = powerWindow.measure(analysed, frame - first, count + 2 * marginFrames, scale);
        const shares = await network.judge(powers, count);
        for (let t = 0; t < count; t++) {
          const start = (frame + t) * hopFrames - fftSize / 2;
          stft.analyse(analysed, start - blockStart);
          for (const [name, place] of Object.entries(MASKED)) {
            const row = (channel: number) => {
              const at = ((4 * channel + place) * count + t) * binCount;
              return shares.subarray(at, at + binCount);
            };
            stft.synthesiseMidSide(row(0), row(1), masked[name as keyof typeof MASKED], start - startSample);
          }
        }
        progress?.(Math.round(((frame + count - first) / frames) * (endSample - startSample)));
      }
      return { ...masked, other: otherOf(block, startSample - blockStart, masked) };
    },
  };
}
