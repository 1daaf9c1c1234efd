// How a song is cut into overlapping segments for a network of fixed length, and how the results are weighted.
// Method: demucs' apply_model: triangular weights, segments centred on what is left at the song's end, optional
// shifted runs that are averaged. All positions are samples at the network's rate, counted from the song's start.

/** Largest shift, in samples: half a second at 44.1 kHz. */
export const LONGEST_SHIFT_FRAMES = 22050;

/** One call of the network. */
export interface Chunk {
  /** First sample of the network's input; may lie before the song, where it is silent. */
  readonly inputStart: number;
  /** The part of the song that the result is used for; inside of the song. */
  readonly start: number;
  readonly end: number;
  /** Weight of sample `start`, counted on the triangle from 0. */
  readonly weightIndex: number;
  /** The run it belongs to: its share of the result is one over the number of runs. */
  readonly runIndex: number;
}

export interface ChunkPlan {
  readonly segmentFrames: number;
  readonly strideFrames: number;
  /** In order of `start`, then of run. */
  readonly chunks: readonly Chunk[];
  /** Factor of a sample of the song in a chunk: its weight over the sum of all weights, over the number of runs. */
  shareOf(chunk: Chunk, sample: number): number;
}

/**
 * The segments of a song of `songFrames` samples (1 or more). `shiftFrames` holds one offset from 0 to 22050 for each
 * shifted run; without any there is one plain run.
 * @source demucs/apply.py: apply_model with split=True, TensorChunk.padded
 */
export function planChunks(
  songFrames: number,
  segmentFrames: number,
  strideFrames: number,
  shiftFrames: readonly number[] = [],
): ChunkPlan {
  // A shifted run begins in the silence before the song, the longest shift less its offset ahead.
  const leads = shiftFrames.length === 0 ? [0] : shiftFrames.map((offset) => LONGEST_SHIFT_FRAMES - offset);
  const runs = leads.map((lead) => ({ viewStart: -lead, viewFrames: songFrames + lead }));
  const chunks: Chunk[] = [];
  for (const [runIndex, run] of runs.entries()) {
    for (let offset = 0; offset < run.viewFrames; offset += strideFrames) {
      const frames = Math.min(segmentFrames, run.viewFrames - offset);
      const first = run.viewStart + offset;
      const start = Math.max(0, first);
      const end = Math.min(songFrames, first + frames);
      if (end <= start) continue;
      chunks.push({
        inputStart: first - Math.floor((segmentFrames - frames) / 2),
        start,
        end,
        weightIndex: start - first,
        runIndex,
      });
    }
  }
  chunks.sort((a, b) => a.start - b.start || a.runIndex - b.runIndex);

  const half = Math.floor(segmentFrames / 2);
  const peak = segmentFrames - half;
  const weightAt = (index: number) => (index < half ? index + 1 : segmentFrames - index) / peak;
  const overlapCount = Math.ceil(segmentFrames / strideFrames);
  return {
    segmentFrames,
    strideFrames,
    chunks,
    shareOf(chunk, sample) {
      const index = chunk.weightIndex + sample - chunk.start;
      const { viewStart, viewFrames } = runs[chunk.runIndex]!;
      const inView = sample - viewStart;
      let sum = 0;
      const last = Math.floor(inView / strideFrames);
      for (let k = Math.max(0, last - overlapCount); k <= last; k++) {
        const within = inView - k * strideFrames;
        if (within < segmentFrames && k * strideFrames < viewFrames) sum += weightAt(within);
      }
      return weightAt(index) / sum / runs.length;
    },
  };
}

/** `count` offsets of shifted runs, from 0 to 22050, fixed by the seed. */
export function shiftOffsets(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, k) => {
    // The first words of splitmix32 for this seed and run.
    let mixed = (seed + Math.imul(k + 1, 0x9e3779b9)) | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % (LONGEST_SHIFT_FRAMES + 1);
  });
}
