// DeepFilterNet3 with its published weights against the reference figures, and against its own unpatched graphs.
import { describe, expect, it } from 'vitest';
import { openWav } from '../../../src/audio/wav-reader.js';
import { createResidualRange, type ResidualRangeState } from '../../../src/dsp/denoise/residual-range.js';
import type { FrameSource } from '../../../src/dsp/resample.js';
import { createDeepFilterStream } from '../../../src/models/deepfilternet3/denoiser.js';
import { BAND_COUNT, FILTER_BIN_COUNT } from '../../../src/models/deepfilternet3/features.js';
import { type DeepFilterNetwork, loadDeepFilterNetwork } from '../../../src/models/deepfilternet3/network.js';
import { createSession } from '../../../src/models/session.js';
import { isSameAudio } from '../../dsp/denoise/signals.js';
import { scaleInvariantSdrDb } from '../../helpers/sdr.js';
import { deepFilterFiles, sharedFile } from '../shared-files.js';

const files = deepFilterFiles();
const noisyPath = sharedFile('audio', 'speech', 'noisy_snr0.wav');
const cleanPath = sharedFile('audio', 'speech', 'clean.wav');
const isPresent = files !== undefined && noisyPath !== undefined && cleanPath !== undefined;

let loaded: Promise<DeepFilterNetwork> | undefined;
const network = () => (loaded ??= loadDeepFilterNetwork(files!));

function readMono(path: string, frames?: number): Float64Array {
  const reader = openWav(path);
  const samples = new Float64Array(frames ?? reader.frameCount);
  reader.read(0, [samples]);
  reader.close();
  return samples;
}

function sourceOf(block: readonly Float64Array[], sampleRateHz = 48_000): FrameSource {
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

async function residualOf(
  block: readonly Float64Array[],
  options: { hopsPerChunk?: number; rangeFrames?: number; isLinked?: boolean; hasPostFilter?: boolean } = {},
): Promise<Float64Array[]> {
  const source = sourceOf(block);
  const result = block.map((samples) => new Float64Array(samples.length));
  let state: ResidualRangeState | undefined;
  const rangeFrames = options.rangeFrames ?? source.frameCount;
  for (let start = 0; start < source.frameCount; start += rangeFrames) {
    const stream = createDeepFilterStream(await network(), {
      channelCount: block.length,
      isLinked: options.isLinked ?? true,
      hasPostFilter: options.hasPostFilter ?? false,
      ...(options.hopsPerChunk === undefined ? {} : { hopsPerChunk: options.hopsPerChunk }),
    });
    const range = createResidualRange(source, stream, state);
    await range.read(
      start,
      result.map((samples) => samples.subarray(start, start + rangeFrames)),
    );
    state = structuredClone(range.saveState());
  }
  return result;
}

const minus = (a: Float64Array, b: Float64Array) => a.map((value, n) => value - b[n]!);
const largest = (a: Float64Array) => a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe.skipIf(!isPresent)('DeepFilterNet3', () => {
  it('reaches the SI-SDR of the reference tool, 20.01 dB from 6.05 dB, with the length kept', async () => {
    const noisy = readMono(noisyPath!);
    const clean = readMono(cleanPath!);
    const [residual] = await residualOf([noisy]);
    expect(scaleInvariantSdrDb(clean, noisy)).toBeCloseTo(6.05, 1);
    const denoised = minus(noisy, residual!);
    expect(denoised).toHaveLength(clean.length);
    expect(scaleInvariantSdrDb(clean, denoised)).toBeGreaterThan(19.95);
    // A residual late by a single sample would lose this.
    expect(scaleInvariantSdrDb(clean.subarray(1), denoised.subarray(0, -1))).toBeLessThan(19.5);
  });

  it('gives the same values for any cut into ranges, and nearly so for any chunk', async () => {
    const noisy = readMono(noisyPath!, 5 * 48_000);
    const [whole] = await residualOf([noisy]);
    const [inRanges] = await residualOf([noisy], { rangeFrames: 33_333 });
    expect(isSameAudio([inRanges!], [whole!])).toBe(true);
    for (const hopsPerChunk of [7, 50, 499]) {
      const [chunked] = await residualOf([noisy], { hopsPerChunk });
      expect(largest(minus(chunked!, whole!))).toBeLessThan(1e-6);
    }
  });

  it('equals the unpatched graphs over a whole excerpt', async () => {
    const frames = 120;
    const random = (length: number, seed: number) =>
      Float32Array.from({ length }, (_, n) => Math.sin(n * 12.9898 + seed) * Math.cos(n * 0.37 + seed));
    const bands = random(frames * BAND_COUNT, 1);
    const planes = random(2 * frames * FILTER_BIN_COUNT, 2);
    const [enc, erb, df] = await Promise.all(
      ['enc.onnx', 'erb_dec.onnx', 'df_dec.onnx'].map((name) =>
        createSession(files![name]!, { label: name }),
      ),
    );
    const encoded = await enc!.run({
      feat_erb: { data: bands, shape: [1, 1, frames, BAND_COUNT] },
      feat_spec: { data: planes, shape: [1, 2, frames, FILTER_BIN_COUNT] },
    });
    const { e0, e1, e2, e3, emb, c0 } = encoded as Record<string, never>;
    const { m } = await erb!.run({ emb, e3, e2, e1, e0 } as never);
    const { coefs } = await df!.run({ emb, c0 } as never, ['coefs']);

    const net = await network();
    let state = net.createState();
    let worst = 0;
    const chunk = 40;
    for (let start = 0; start < frames; start += chunk) {
      const bandPart = new Float32Array((chunk + 2) * BAND_COUNT);
      const planePart = new Float32Array(2 * (chunk + 2) * FILTER_BIN_COUNT);
      for (let row = 0; row < chunk + 2; row++) {
        const from = start + row - 2;
        if (from < 0) continue;
        bandPart.set(bands.subarray(from * BAND_COUNT, (from + 1) * BAND_COUNT), row * BAND_COUNT);
        for (const plane of [0, 1]) {
          const at = (plane * frames + from) * FILTER_BIN_COUNT;
          planePart.set(
            planes.subarray(at, at + FILTER_BIN_COUNT),
            (plane * (chunk + 2) + row) * FILTER_BIN_COUNT,
          );
        }
      }
      const rows = await net.run(chunk, bandPart, planePart, state);
      state = rows.state;
      rows.bandGains.forEach((gain, n) => {
        worst = Math.max(worst, Math.abs(gain - Number(m!.data[start * BAND_COUNT + n])));
      });
      rows.coefficients.forEach((value, n) => {
        worst = Math.max(worst, Math.abs(value - Number(coefs!.data[start * FILTER_BIN_COUNT * 10 + n])));
      });
    }
    expect(worst).toBeLessThan(1e-5);
  });

  it('keeps the image: linked channels that are scaled copies stay so; independent ones go their own ways', async () => {
    const noisy = readMono(noisyPath!, 3 * 48_000);
    const quiet = noisy.map((value) => value * 0.25);
    const [left, right] = await residualOf([noisy, quiet]);
    expect(
      largest(
        minus(
          left!.map((value) => value * 0.25),
          right!,
        ),
      ),
    ).toBeLessThan(1e-12);
    const [alone] = await residualOf([noisy]);
    const [independent] = await residualOf([noisy, quiet], { isLinked: false });
    expect(isSameAudio([independent!], [alone!])).toBe(true);
  });

  it('takes more away with the post-filter, and at most the signal itself', async () => {
    const noisy = readMono(noisyPath!, 3 * 48_000);
    const energy = (samples: Float64Array) => samples.reduce((sum, value) => sum + value * value, 0);
    const [plain] = await residualOf([noisy]);
    const [deeper] = await residualOf([noisy], { hasPostFilter: true });
    expect(energy(minus(noisy, deeper!))).toBeLessThan(energy(minus(noisy, plain!)));
  });

  it('takes nothing from silence', async () => {
    const [residual] = await residualOf([new Float64Array(48_000)]);
    expect(largest(residual!)).toBe(0);
  });
});
