// Separates a range of samples into drums, bass, vocals and other.
// Method: masks on the mixture's own complex spectra, 93 ms windows at a quarter hop; `other` is the mixture minus the
// three, so the stems sum to it whatever the masks are. Channels beyond the second belong to `other`.
import { BASS_LINE_REACH, trackBassLine } from './bass-line.js';
import { measureCues } from './cues.js';
import { createFrameGrid, type FrameGrid, framesTouching } from './frame-grid.js';
import { createMaskSmoother } from './mask-smoother.js';
import { createFrameMasks, createMaskRule, type FrameMasks } from './masks.js';
import { createPairStft } from './pair-stft.js';
import { measureSpectrogram } from './spectrogram.js';

/** The four stems, in the order in which forge names them. */
export const STEM_NAMES = ['vocals', 'drums', 'bass', 'other'] as const;
export type StemName = (typeof STEM_NAMES)[number];
type MaskedStem = keyof FrameMasks;
const MASKED_STEMS: readonly MaskedStem[] = ['vocals', 'drums', 'bass'];

/** Reads [channels][frames] of the song from a sample on; zeros outside of it. */
export type ReadSong = (startSample: number, into: readonly Float32Array[]) => void;

/** Stems as [channels][frames] of the range. */
export type Stems = Readonly<Record<StemName, readonly Float32Array[]>>;

export interface RangeSeparator {
  readonly grid: FrameGrid;
  /**
   * The stems of the samples [startSample, endSample). They do not depend on where a range begins or ends.
   * `song.centreShare` is that of the whole song (centre-share.ts).
   * `progress` is told how many samples are done.
   */
  separate(
    read: ReadSong,
    song: { readonly channelCount: number; readonly frameCount: number; readonly centreShare: number },
    startSample: number,
    endSample: number,
    progress?: (samplesDone: number) => void,
  ): Stems;
}

/** Frames around those of a range whose cues are measured: of one more mask at both sides, and of its bass line. */
const MASK_REACH = 1 + BASS_LINE_REACH;

/** A separator for a sample rate; it serves one thread. */
export function createRangeSeparator(sampleRateHz: number): RangeSeparator {
  const grid = createFrameGrid(sampleRateHz);
  const stft = createPairStft(grid.fftSize, grid.hopFrames);
  const rule = createMaskRule(grid);
  return {
    grid,
    separate(read, song, startSample, endSample, progress) {
      const { first, last } = framesTouching(grid, startSample, endSample);
      const firstHeld = first - MASK_REACH - grid.marginFrames;
      const lastHeld = last + MASK_REACH + grid.marginFrames;
      const blockStart = firstHeld * grid.hopFrames - grid.fftSize / 2;
      const blockFrames = (lastHeld - firstHeld) * grid.hopFrames + grid.fftSize;
      const block = Array.from({ length: song.channelCount }, () => new Float32Array(blockFrames));
      read(blockStart, block);
      const analysed = block.slice(0, 2);
      const spectrogram = measureSpectrogram(
        grid,
        stft,
        analysed,
        blockStart,
        song.frameCount,
        firstHeld,
        lastHeld,
      );
      const cues = measureCues(grid, spectrogram, first - MASK_REACH, last + MASK_REACH);
      const bassLine = trackBassLine(grid, cues);
      const masked = Object.fromEntries(
        MASKED_STEMS.map((name) => [name, block.map(() => new Float32Array(endSample - startSample))]),
      ) as Record<MaskedStem, Float32Array[]>;
      const masks = createFrameMasks(grid.binCount);
      const smoother = createMaskSmoother(grid.binCount);
      const push = (frame: number): void => {
        const index = frame - cues.firstFrame;
        rule(cues, bassLine, index, song.centreShare, masks);
        smoother.push(masks, cues.magnitude.subarray(index * grid.binCount, (index + 1) * grid.binCount));
      };
      push(first - 1);
      push(first);
      for (let frame = first; frame <= last; frame++) {
        push(frame + 1);
        smoother.smooth(masks);
        const inBlock = frame * grid.hopFrames - grid.fftSize / 2 - blockStart;
        const inRange = frame * grid.hopFrames - grid.fftSize / 2 - startSample;
        stft.analyse(analysed, inBlock);
        for (const name of MASKED_STEMS) stft.synthesise(masks[name], masked[name], inRange);
        progress?.(Math.round(((frame - first + 1) / (last - first + 1)) * (endSample - startSample)));
      }
      return { ...masked, other: otherOf(block, startSample - blockStart, masked) };
    },
  };
}

/** What the three stems leave of the mixture, whose `block` has their first sample at `offset`. */
export function otherOf(
  block: readonly Float32Array[],
  offset: number,
  { vocals, drums, bass }: Readonly<Record<MaskedStem, readonly Float32Array[]>>,
): Float32Array[] {
  return block.map((samples, index) => {
    const [voice, drum, low] = [vocals[index]!, drums[index]!, bass[index]!];
    return Float32Array.from(voice, (_, i) => samples[offset + i]! - (voice[i]! + drum[i]! + low[i]!));
  });
}
