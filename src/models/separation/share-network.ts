// forge's own separating network (weights/forge-lite): shares of four stems in each cell of the mid and the side.
// weights/forge-lite/card.yaml tells what it learned from; training/forge-lite trains it.
import type { ShareNetwork } from '../../dsp/separation/network-range.js';
import { createSession, requireTensors } from '../session.js';

const LABEL = 'forge-lite/forge-lite.onnx';
const BIN_COUNT = 1920;
/** Reach of the local level and of the dilated convolutions, as in training/forge-lite/model.py. */
const MARGIN_FRAMES = 70;

/**
 * Opens the network; one for each worker, for its life.
 * @throws ForgeError model/incompatible; judging, model/run-failed
 */
export async function createShareNetwork(modelPath: string): Promise<ShareNetwork> {
  const session = await createSession(modelPath, { label: LABEL, useMemoryArena: false });
  requireTensors(session, LABEL, { inputs: ['powers'], outputs: ['shares'] });
  // Megabytes a call: one array serves all, for what is left behind is not collected while a range lasts.
  let shares = new Float32Array(0);
  return {
    marginFrames: MARGIN_FRAMES,
    binCount: BIN_COUNT,
    async judge(powers, frameCount) {
      const size = 8 * frameCount * BIN_COUNT;
      if (shares.length !== size) shares = new Float32Array(size);
      await session.run(
        { powers: { data: powers, shape: [3, frameCount + 2 * MARGIN_FRAMES, BIN_COUNT] } },
        { shares: { data: shares, shape: [2, 4, frameCount, BIN_COUNT] } },
      );
      return shares;
    },
  };
}
