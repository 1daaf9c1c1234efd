// Networks of spectra (the MDX family) against what PyTorch recorded (training/htdemucs/record_small.py), and networks
// that take any length.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { SeparationForm } from '../../../src/models/card.js';
import { createSeparationNetwork } from '../../../src/models/separation/separation-network.js';
import { createSession } from '../../../src/models/session.js';

const folder = fileURLToPath(new URL('../../../fixtures/htdemucs/', import.meta.url));
const reference = JSON.parse(readFileSync(`${folder}mdx.json`, 'utf8')) as {
  frames: number;
  positions: number[];
  values: number[][];
};
const MDX: SeparationForm = { fftSize: 512, hopFrames: 128, gain: 1.05 };

/** The song of record_small.py: sines and seeded noise. */
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

async function networkOf(file: string, stemCount: number, form?: SeparationForm, wishedFrames?: number) {
  const session = await createSession(`${folder}${file}`, { label: file, threads: 1 });
  return createSeparationNetwork(session, stemCount, file, form, wishedFrames);
}

describe('a network of spectra', () => {
  it('gives what torch.stft, the network and torch.istft give, half a window in from the ends', async () => {
    const network = await networkOf('mdx.onnx', 1, MDX);
    expect(network).toMatchObject({
      segmentFrames: reference.frames,
      contextFrames: 256,
      isFreeLength: false,
      isNormalised: false,
    });
    const [stem] = await network.separate(...song(reference.frames + 512));
    let largest = 0;
    for (const [channel, values] of reference.values.entries())
      for (const [k, at] of reference.positions.entries())
        largest = Math.max(largest, Math.abs(stem![channel]![at]! - values[k]!));
    expect(largest).toBeLessThan(1e-5);
  });

  it('needs the length of its transform on the card, and as many stems as the card lists', async () => {
    await expect(networkOf('mdx.onnx', 1)).rejects.toMatchObject({
      code: 'model/incompatible',
      message: expect.stringContaining('separation.fftSize'),
    });
    await expect(networkOf('mdx.onnx', 1, { ...MDX, fftSize: 256 })).rejects.toThrow(/at most 129 bins/);
    const two = await networkOf('mdx.onnx', 2, MDX);
    await expect(two.separate(...song(two.segmentFrames + 512))).rejects.toMatchObject({
      code: 'model/incompatible',
    });
  });
});

describe('a network that takes any length', () => {
  it('takes the length that was wished for', async () => {
    for (const frames of [5000, 44100]) {
      const network = await networkOf('free.onnx', 2, {}, frames);
      expect(network).toMatchObject({ segmentFrames: frames, isFreeLength: true, isNormalised: true });
      const mix = song(frames);
      const [low, high] = await network.separate(...mix);
      for (const at of [100, 2500, 4900]) expect(low![0][at]! + high![0][at]!).toBeCloseTo(mix[0][at]!, 6);
    }
  });
});
