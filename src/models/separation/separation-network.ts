// A separation network behind one interface: a stereo segment in, stems out. Knows the contracts of published HTDemucs
// exports and of the MDX family, and tells them apart by the rank and shape of their tensors, never by name.
import { ForgeError } from '../../errors.js';
import type { SeparationForm } from '../card.js';
import type { ModelSession, TensorInfo, TensorValue } from '../session.js';
import type { SeparationNetwork } from './segment-network.js';
import { createSegmentSpectrum } from './segment-spectrum.js';
import { createSpectrumNetwork } from './spectrum-network.js';

/**
 * Wraps a session.
 *
 * | contract | inputs | outputs |
 * | --- | --- | --- |
 * | wave | [1,2,N] | [1,S,2,N] |
 * | wave and spectrum | [1,2,N], [1,4,2048,T] | [1,S,4,2048,T], [1,S,2,N] |
 * | spectrum (spectrum-network.ts) | [1,4,F,T] | [1,4,F,T] or [1,S,4,F,T] |
 *
 * N of a wave alone, and T of a spectrum alone, may be free.
 * @param stemCount stems that the model's card lists
 * @param form what the card says beyond shapes
 * @param wishedFrames samples of a segment where the network takes any length
 * @throws ForgeError model/incompatible
 */
export function createSeparationNetwork(
  session: ModelSession,
  stemCount: number,
  label: string,
  form: SeparationForm = {},
  wishedFrames = DEFAULT_SEGMENT_FRAMES,
): SeparationNetwork {
  const wave = session.inputs.find(({ shape }) => shape.length === 3 && shape[1] === 2);
  const spectrum = session.inputs.find(({ shape }) => shape.length === 4 && shape[1] === 4);
  if (session.inputs.length === 1 && spectrum !== undefined)
    return createSpectrumNetwork(session, spectrum, stemCount, label, form, wishedFrames);
  const isFreeLength = spectrum === undefined && typeof wave?.shape[2] === 'string';
  const segmentFrames = isFreeLength ? wishedFrames : wave?.shape[2];
  const isKnown = session.inputs.length === (spectrum === undefined ? 1 : 2);
  if (wave === undefined || !isKnown || typeof segmentFrames !== 'number' || segmentFrames < 2) {
    throw new ForgeError(
      'model/incompatible',
      `expected inputs [1,2,N], [1,2,N] and [1,4,2048,T], or [1,4,F,T] of ${label}, got ${session.inputs.map(shapeText).join(' and ')}`,
      { hint: 'forge runs networks of the HTDemucs and MDX families; see docs/separation.md.' },
    );
  }
  const transform = spectrum === undefined ? undefined : createSegmentSpectrum(segmentFrames);
  return {
    segmentFrames,
    contextFrames: 0,
    isFreeLength,
    isNormalised: form.normalise !== 'none',
    async separate(left, right) {
      const samples = new Float32Array(2 * segmentFrames);
      samples.set(left);
      samples.set(right, segmentFrames);
      const feeds: Record<string, TensorValue> = {
        [wave.name]: { data: samples, shape: [1, 2, segmentFrames] },
      };
      if (spectrum !== undefined && transform !== undefined) {
        const { binCount, frameCount } = transform;
        feeds[spectrum.name] = { data: transform.analyse(left, right), shape: [1, 4, binCount, frameCount] };
      }
      const results = Object.values(await session.run(feeds));
      const waves = requireOutput(results, 4, stemCount, label);
      const stems = Array.from({ length: stemCount }, (_, stem) => channelsOf(waves, stem, segmentFrames));
      if (transform !== undefined) {
        const spectra = requireOutput(results, 5, stemCount, label);
        const stemSize = 4 * transform.binCount * transform.frameCount;
        for (const [stem, [stemLeft, stemRight]] of stems.entries())
          transform.synthesise(spectra.data as Float32Array, stem * stemSize, stemLeft, stemRight);
      }
      return stems;
    },
  };
}

/** 10 s. */
const DEFAULT_SEGMENT_FRAMES = 441_000;

function requireOutput(
  results: readonly TensorValue[],
  rank: number,
  stemCount: number,
  label: string,
): TensorValue {
  const found = results.find(({ shape }) => shape.length === rank);
  if (found === undefined || found.shape[1] !== stemCount || !(found.data instanceof Float32Array)) {
    const shapes = results.map(({ shape }) => `[${shape.join(',')}]`).join(' and ');
    throw new ForgeError(
      'model/incompatible',
      `expected ${stemCount} stems in an output of rank ${rank} of ${label}, got ${shapes}`,
      { hint: 'The list of stems on the model’s card and the network disagree.' },
    );
  }
  return found;
}

/** Both channels of a stem; an export that returns fewer samples than it takes leaves silence at the end. */
function channelsOf(waves: TensorValue, stem: number, frames: number): [Float32Array, Float32Array] {
  const given = waves.shape[3]!;
  const take = (channel: number) => {
    const samples = new Float32Array(frames);
    const start = (2 * stem + channel) * given;
    samples.set((waves.data as Float32Array).subarray(start, start + Math.min(given, frames)));
    return samples;
  };
  return [take(0), take(1)];
}

function shapeText({ shape }: TensorInfo): string {
  return `[${shape.join(',')}]`;
}
