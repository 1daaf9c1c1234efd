// HTDemucs at toy width against what PyTorch's demucs recorded (training/htdemucs/record.py): transforms, segments,
// weights, shifts. The toy has every layer of the real network and segments of half a second.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FrameSource } from '../../../src/dsp/resample.js';
import { planChunks, shiftOffsets } from '../../../src/models/separation/chunks.js';
import { estimateRange, rangeGeometry, songLevel } from '../../../src/models/separation/estimate-range.js';
import { createSegmentSpectrum } from '../../../src/models/separation/segment-spectrum.js';
import { createSeparationNetwork } from '../../../src/models/separation/separation-network.js';
import { createSession } from '../../../src/models/session.js';

const folder = fileURLToPath(new URL('../../../fixtures/htdemucs/', import.meta.url));

interface Case {
  readonly stems: number;
  readonly frames: number;
  readonly offsets: readonly number[];
  readonly positions: readonly number[];
  readonly values: readonly (readonly (readonly number[])[])[];
}
const reference = JSON.parse(readFileSync(`${folder}reference.json`, 'utf8')) as {
  cases: Case[];
  transform: { bins: [number, number, number][]; values: number[]; positions: number[]; inverse: number[][] };
};

/** The song of record.py: sines and seeded noise. */
function song(frames: number): [Float32Array, Float32Array] {
  let state = 1;
  const channels: [Float32Array, Float32Array] = [new Float32Array(frames), new Float32Array(frames)];
  for (let i = 0; i < frames; i++) {
    for (const [channel, hz] of [220, 331].entries()) {
      state = (state * 48271) % 2147483647;
      const noise = (2 * state) / 2147483647 - 1;
      channels[channel]![i] = 0.3 * Math.sin((2 * Math.PI * hz * i) / 44100) + 0.1 * noise;
    }
  }
  return channels;
}

function sourceOf(channels: readonly Float32Array[], sampleRateHz = 44100): FrameSource {
  return {
    sampleRateHz,
    channelCount: channels.length,
    frameCount: channels[0]!.length,
    read(start, into) {
      for (const [channel, samples] of into.entries())
        for (let i = 0; i < samples.length; i++) samples[i] = channels[channel]![start + i] ?? 0;
    },
    close() {},
  };
}

function levelOf(channels: readonly Float32Array[]) {
  let sum = 0;
  let squares = 0;
  for (const [i, sample] of channels[0]!.entries()) {
    const mid = 0.5 * (sample + channels.at(-1)![i]!);
    sum += mid;
    squares += mid * mid;
  }
  return songLevel(sum, squares, channels[0]!.length);
}

async function networkOf(file: string, stemCount: number) {
  const session = await createSession(`${folder}${file}`, { label: file, threads: 1, useMemoryArena: false });
  return createSeparationNetwork(session, stemCount, file);
}

/** All stems of a song, range by range as a stage does it. */
async function separateSong(
  network: Awaited<ReturnType<typeof networkOf>>,
  stemCount: number,
  channels: readonly Float32Array[],
  strideFrames: number,
  offsets: readonly number[] = [],
  sampleRateHz = 44100,
): Promise<Float32Array[][]> {
  const source = sourceOf(channels, sampleRateHz);
  const frames = source.frameCount;
  const songFrames = Math.ceil((frames * 44100) / sampleRateHz);
  const plan = planChunks(songFrames, network.segmentFrames, strideFrames, offsets);
  const { rangeFrames } = rangeGeometry(network.segmentFrames, strideFrames, sampleRateHz);
  const stems = Array.from({ length: stemCount }, () => channels.map(() => new Float32Array(frames)));
  for (let start = 0; start < frames; start += rangeFrames) {
    const end = Math.min(frames, start + rangeFrames);
    const estimate = await estimateRange(
      source,
      plan,
      levelOf(channels),
      start,
      end,
      stemCount,
      network,
      () => {},
    );
    for (const [stem, block] of estimate.stems.entries())
      for (const [channel, samples] of block.entries())
        for (let i = 0; i < samples.length; i++) stems[stem]![channel]![start + i]! += samples[i]!;
  }
  return stems;
}

describe('createSegmentSpectrum', () => {
  const [left, right] = song(343980);
  const spectrum = createSegmentSpectrum(343980);
  const tensor = spectrum.analyse(left, right);

  it('gives the spectra of the reference for a segment of 7.8 s', () => {
    expect(spectrum.frameCount).toBe(336);
    for (const [k, [plane, bin, frame]] of reference.transform.bins.entries())
      expect(tensor[(plane * 2048 + bin) * 336 + frame]).toBeCloseTo(reference.transform.values[k]!, 5);
  });

  it('gives the inverse of the reference, of a spectrum that no signal has', () => {
    const faded = tensor.map((value, at) => value * (1 - (Math.floor(at / 336) % 2048) / 2047));
    const back = [new Float32Array(343980), new Float32Array(343980)] as const;
    spectrum.synthesise(faded, 0, ...back);
    for (const [channel, values] of reference.transform.inverse.entries())
      for (const [k, at] of reference.transform.positions.entries())
        expect(Math.abs(back[channel]![at]! - values[k]!)).toBeLessThan(1e-5);
  });
});

describe('HTDemucs at toy width', () => {
  it.each(reference.cases)(
    'gives what PyTorch gives: $stems stems, $frames frames, shifts $offsets',
    async (one) => {
      const network = await networkOf(`toy${one.stems}.onnx`, one.stems);
      const stems = await separateSong(
        network,
        one.stems,
        song(one.frames),
        Math.floor(0.75 * 22050),
        one.offsets,
      );
      let largest = 0;
      for (const [stem, channels] of one.values.entries())
        for (const [channel, values] of channels.entries())
          for (const [k, at] of one.positions.entries())
            largest = Math.max(largest, Math.abs(stems[stem]![channel]![at]! - values[k]!));
      expect(largest).toBeLessThan(1e-5);
    },
  );

  it('is finite for a song of one frame', async () => {
    const network = await networkOf('toy4.onnx', 4);
    const stems = await separateSong(network, 4, song(1), 16537);
    expect(stems.flat(2).every((samples) => samples.every(Number.isFinite))).toBe(true);
  });

  it('refuses a network whose stems are not those of its card', async () => {
    const network = await networkOf('toy6.onnx', 4);
    await expect(network.separate(...song(22050))).rejects.toMatchObject({ code: 'model/incompatible' });
  });
});

describe('segments of 7.8 s through a network that scales (the one-input contract)', () => {
  const gains = [0.5, -0.25, 1, 0];

  it.each([
    ['the quarter overlap', 2, 257985, [], 44100],
    ['3 s', 132300, 257985, [], 44100],
    ['7.9 s', 348390, 257985, [], 44100],
    ['31 s', 1367100, 257985, [], 44100],
    ['31 s with two shifts', 1367100, 257985, [123, 20001], 44100],
    ['an overlap of a quarter of a second', 700000, 332955, [], 44100],
    ['48 kHz', 500000, 257985, [], 48000],
  ])('gives the scaled song back: %s', async (_, frames, stride, offsets, rateHz) => {
    const network = await networkOf('wave.onnx', 4);
    const channels = smoothSong(frames, rateHz);
    const stems = await separateSong(network, 4, channels, stride, offsets, rateHz);
    let largest = 0;
    const { mean } = levelOf(channels);
    for (const [stem, gain] of gains.entries())
      for (const [channel, samples] of stems[stem]!.entries())
        for (let i = 0; i < samples.length; i++) {
          const wanted = gain * (channels[channel]![i]! - mean) + mean;
          largest = Math.max(largest, Math.abs(samples[i]! - wanted));
        }
    // Resampling there and back has the ripple of its filter; a song that begins at full swing rings at its ends.
    expect(largest).toBeLessThan(rateHz === 44100 ? 1e-5 : 1e-4);
  });

  it('takes mono as both channels', async () => {
    const network = await networkOf('wave.onnx', 4);
    const channels = smoothSong(20000, 44100).slice(0, 1);
    const stems = await separateSong(network, 4, channels, 257985);
    expect(stems[2]).toHaveLength(1);
    expect(Math.abs(stems[2]![0]![5000]! - channels[0]![5000]!)).toBeLessThan(1e-5);
  });
});

/** Two tones that fade in and out, so that no rate loses anything. */
function smoothSong(frames: number, sampleRateHz: number): Float32Array[] {
  return [220, 331].map((hz) =>
    Float32Array.from({ length: frames }, (_, i) => {
      const fade = Math.sin((Math.PI * i) / Math.max(1, frames - 1)) ** 2;
      return 0.4 * fade * Math.sin((2 * Math.PI * hz * i) / sampleRateHz);
    }),
  );
}

describe('planChunks', () => {
  it('shares every sample out completely, shifted or not', () => {
    for (const [frames, segment, stride, offsets] of [
      [1, 100, 75, []],
      [1000, 100, 75, []],
      [99_000, 22050, 16537, [0, 22050, 777]],
    ] as const) {
      const plan = planChunks(frames, segment, stride, offsets);
      const sums = new Float64Array(frames);
      for (const chunk of plan.chunks)
        for (let i = chunk.start; i < chunk.end; i++) sums[i]! += plan.shareOf(chunk, i);
      expect(Math.max(...sums.map((sum) => Math.abs(sum - 1)))).toBeLessThan(1e-9);
    }
  });

  it('draws shifts from the seed alone, inside of half a second', () => {
    expect(shiftOffsets(3, 5)).toEqual(shiftOffsets(3, 5));
    expect(shiftOffsets(3, 5)).not.toEqual(shiftOffsets(3, 6));
    expect(shiftOffsets(2, 5)).toEqual(shiftOffsets(3, 5).slice(0, 2));
    for (const offset of shiftOffsets(100, 1)) expect(offset >= 0 && offset <= 22050).toBe(true);
  });
});
