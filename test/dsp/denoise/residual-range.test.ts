// The range runner with streams whose residual is known: placement, rates, and independence of the cut.
import { describe, expect, it } from 'vitest';
import { createResidualRange, type ResidualRangeState } from '../../../src/dsp/denoise/residual-range.js';
import type { ResidualStream } from '../../../src/dsp/denoise/residual-stream.js';
import { createResampledReader, type FrameSource } from '../../../src/dsp/resample.js';
import { isSameAudio } from './signals.js';

/** The input, `latencyFrames` late: a denoiser that takes everything away. */
function delayStream(
  channelCount: number,
  sampleRateHz: number,
  chunkFrames: number,
  latencyFrames: number,
): ResidualStream {
  let held: Float64Array[] = Array.from({ length: channelCount }, () => new Float64Array(latencyFrames));
  return {
    sampleRateHz,
    chunkFrames,
    latencyFrames,
    async process(input, residual) {
      for (let c = 0; c < channelCount; c++) {
        const line = new Float64Array(latencyFrames + chunkFrames);
        line.set(held[c]!);
        line.set(input[c]!, latencyFrames);
        residual[c]!.set(line.subarray(0, chunkFrames));
        held[c] = line.slice(chunkFrames);
      }
    },
    saveState: () => structuredClone(held),
    loadState(state) {
      held = structuredClone(state) as Float64Array[];
    },
  };
}

function sourceOf(block: readonly Float64Array[], sampleRateHz: number): FrameSource {
  return {
    sampleRateHz,
    channelCount: block.length,
    frameCount: block[0]!.length,
    read(startFrame, into) {
      for (const [c, samples] of into.entries()) {
        for (let n = 0; n < samples.length; n++) samples[n] = block[c]![startFrame + n] ?? 0;
      }
    },
    close() {},
  };
}

function noise(length: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** The residual of the whole file, read in ranges of the given lengths with the state handed on. */
async function readInRanges(
  source: FrameSource,
  makeStream: () => ResidualStream,
  lengths: (index: number) => number,
): Promise<Float64Array[]> {
  const result = Array.from({ length: source.channelCount }, () => new Float64Array(source.frameCount));
  let state: ResidualRangeState | undefined;
  for (let start = 0, index = 0; start < source.frameCount; index++) {
    const end = Math.min(source.frameCount, start + lengths(index));
    const range = createResidualRange(source, makeStream(), state);
    await range.read(
      start,
      result.map((samples) => samples.subarray(start, end)),
    );
    state = structuredClone(range.saveState());
    start = end;
  }
  return result;
}

describe('createResidualRange', () => {
  it('puts the residual where it belongs at the same rate', async () => {
    const block = [noise(10_001, 1), noise(10_001, 2)];
    const source = sourceOf(block, 48_000);
    const result = await readInRanges(
      source,
      () => delayStream(2, 48_000, 960, 1440),
      () => 3001,
    );
    expect(isSameAudio(result, block)).toBe(true);
  });

  it.each([8000, 44_100, 96_000])(
    'is the round trip of the converters at %i Hz, whatever the ranges',
    async (rate) => {
      const source = sourceOf([noise(9000, 3)], rate);
      const make = () => delayStream(1, 48_000, 960, 1440);
      const whole = await readInRanges(source, make, () => 9000);
      const cut = await readInRanges(source, make, (index) => [1, 17, 2500, 333, 4000][index % 5]!);
      expect(isSameAudio(cut, whole)).toBe(true);
      const inner = createResampledReader(source, 48_000);
      const back = createResampledReader(
        { ...inner, frameCount: inner.frameCount, read: (start, into) => inner.read(start, into) },
        rate,
      );
      const expected = [new Float64Array(9000)];
      back.read(0, expected);
      expect(isSameAudio(whole, expected)).toBe(true);
    },
  );

  it('gives a file of one frame its frame', async () => {
    const source = sourceOf([Float64Array.of(0.5)], 48_000);
    expect(
      await readInRanges(
        source,
        () => delayStream(1, 48_000, 960, 1440),
        () => 1,
      ),
    ).toEqual([Float64Array.of(0.5)]);
  });
});
