// forge's own beat network: band levels at 100 frames a second to beat, downbeat and onset activations.
// Dilated convolutions that see about 20 s to each side; long pieces go through in chunks with that margin, which
// gives the activations of the whole. weights/beats/card.yaml tells what it learned from.

import type { BeatActivations } from '../dsp/rhythm/activations.js';
import { BAND_COUNT } from '../dsp/rhythm/band-frames.js';
import { ForgeError } from '../errors.js';
import { createSession, requireTensors } from './session.js';

const LABEL = 'beats/beats.onnx';
/** Five minutes: the margins of shorter chunks cost more than their memory saves. */
const CHUNK_FRAMES = 30_000;
/** Feature frames that an activation depends on to each side: 2·(2·511 + 3), rounded up. */
const MARGIN_FRAMES = 2080;
const BYTES_PER_RANGE = 120;
const REFERENCE_SHARE = 0.05;

export interface BeatNetwork {
  /**
   * Activations of band levels ([frames][BAND_COUNT] bytes at 100 a second); silence gives activations near 0.
   * @throws ForgeError model/run-failed
   */
  run(bands: Uint8Array, onProgress?: (share: number) => void): Promise<BeatActivations>;
  release(): Promise<void>;
}

/**
 * Opens the network; one for each worker, for its life.
 * @throws ForgeError model/incompatible
 */
export async function createBeatNetwork(modelPath: string): Promise<BeatNetwork> {
  const session = await createSession(modelPath, { label: LABEL });
  requireTensors(session, LABEL, { inputs: ['levels'], outputs: ['activations'] });
  return {
    async run(bands, onProgress) {
      const frames = Math.floor(bands.length / BAND_COUNT);
      const reference = referenceByte(bands, frames);
      const beatFrames = Math.ceil(frames / 2);
      const beat = new Float32Array(beatFrames);
      const downbeat = new Float32Array(beatFrames);
      const onset = new Float32Array(frames);
      const levels = new Float32Array(BAND_COUNT * (Math.min(frames, CHUNK_FRAMES + 2 * MARGIN_FRAMES) + 1));
      for (let start = 0; start < frames; start += CHUNK_FRAMES) {
        const end = Math.min(frames, start + CHUNK_FRAMES);
        const from = Math.max(0, start - MARGIN_FRAMES);
        const to = Math.min(frames, end + MARGIN_FRAMES);
        const length = to - from + ((to - from) % 2);
        const { activations } = await session.run({
          levels: {
            data: fillLevels(levels.subarray(0, BAND_COUNT * length), bands, from, to, reference),
            shape: [1, BAND_COUNT, length],
          },
        });
        if (!(activations?.data instanceof Float32Array) || activations.data.length !== 2 * length) {
          throw new ForgeError('model/incompatible', `expected 4 rows of activations from ${LABEL}`);
        }
        const half = length / 2;
        const data = activations.data;
        for (let k = start / 2; 2 * k < end; k++) {
          const at = k - from / 2;
          beat[k] = data[at]!;
          downbeat[k] = data[half + at]!;
          onset[2 * k] = data[2 * half + at]!;
          if (2 * k + 1 < frames) onset[2 * k + 1] = data[3 * half + at]!;
        }
        onProgress?.(end / frames);
      }
      return { beat, downbeat, onset };
    },
    release: () => session.release(),
  };
}

/** The level that the frames' loudest bands pass in one frame of twenty; levels are taken relative to it. */
function referenceByte(bands: Uint8Array, frames: number): number {
  const counts = new Uint32Array(256);
  for (let t = 0; t < frames; t++) {
    let peak = 0;
    for (let band = 0; band < BAND_COUNT; band++) peak = Math.max(peak, bands[t * BAND_COUNT + band]!);
    counts[peak] = counts[peak]! + 1;
  }
  let above = 0;
  for (let byte = 255; byte > 0; byte--) {
    above += counts[byte]!;
    if (above >= frames * REFERENCE_SHARE) return byte;
  }
  return 255;
}

/**
 * Fills [BAND_COUNT][length] levels of the frames [from, to): decibels above reference - 60 dB over 60, not below 0;
 * padded with silence.
 */
function fillLevels(
  levels: Float32Array,
  bands: Uint8Array,
  from: number,
  to: number,
  reference: number,
): Float32Array {
  const length = levels.length / BAND_COUNT;
  const levelOfByte = Float32Array.from({ length: 256 }, (_, byte) =>
    Math.max(0, 1 + (byte - reference) / BYTES_PER_RANGE),
  );
  for (let band = 0; band < BAND_COUNT; band++) {
    const row = levels.subarray(band * length, (band + 1) * length).fill(0, to - from);
    for (let t = from, at = from * BAND_COUNT + band; t < to; t++, at += BAND_COUNT)
      row[t - from] = levelOfByte[bands[at]!]!;
  }
  return levels;
}
