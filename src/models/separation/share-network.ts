// forge's own separating network (weights/forge-lite): shares of four stems in each cell of the mid and the side.
// weights/forge-lite/card.yaml tells what it learned from; training/forge-lite trains it.
import type { ShareNetwork } from '../../dsp/separation/network-range.js';
import { ForgeError } from '../../errors.js';
import { createSession, requireTensors } from '../session.js';

const LABEL = 'forge-lite/forge-lite.onnx';
const BIN_COUNT = 1920;
/** Reach of the local level and of the dilated convolutions, as in training/forge-lite/model.py. */
const MARGIN_FRAMES = 70;

/**
 * Opens the network; one for each worker, for its life.
 * @throws ForgeError model/incompatible
 */
export async function createShareNetwork(modelPath: string): Promise<ShareNetwork> {
  const session = await createSession(modelPath, { label: LABEL, useMemoryArena: false });
  requireTensors(session, LABEL, { inputs: ['powers'], outputs: ['shares'] });
  return {
    marginFrames: MARGIN_FRAMES,
    binCount: BIN_COUNT,
    async judge(powers, frameCount) {
      const { shares } = await session.run({
        powers: { data: powers, shape: [3, frameCount + 2 * MARGIN_FRAMES, BIN_COUNT] },
      });
      if (!(shares?.data instanceof Float32Array) || shares.data.length !== 8 * frameCount * BIN_COUNT)
        throw new ForgeError('model/incompatible', `expected 8 rows of shares for each frame from ${LABEL}`);
      return shares.data;
    },
  };
}
