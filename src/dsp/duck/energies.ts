// K-weighted energy of a stream between the points of the control grid, by the kernels of the loudness meter.
import type { FrameWindow } from '../kernels/frame-window.js';
import { designKWeighting } from '../loudness/k-weighting.js';

/** Kernel memory that a meter takes from a window, in bytes. */
export const ENERGY_METER_BYTES = 4096;

/** Meets every frame once, in order; its filters need K_WEIGHTING_SETTLE_SEC before figures hold. */
export interface EnergyMeter {
  /** Channel-weighted sum of squares of the newest `frames` frames of the window, K-weighted. */
  measure(frames: number): number;
  /** Forgets what was met: the next frames are the first of another signal. */
  reset(): void;
}

/** @source ITU-R BS.1770-5, Annex 1 */
export function createEnergyMeter(
  window: FrameWindow,
  sampleRateHz: number,
  weights: Float64Array,
): EnergyMeter {
  const { kernels, pointers } = window;
  const { shelf, highPass } = designKWeighting(sampleRateHz);
  const coefficients = kernels.f64(7);
  coefficients.set([...shelf.b, ...shelf.a, ...highPass.a]);
  const weighted = [...weights.keys()].filter((channel) => weights[channel]! > 0);
  const pairs = Array.from({ length: Math.ceil(weighted.length / 2) }, (_, i) => ({
    left: weighted[2 * i]!,
    right: weighted[2 * i + 1] ?? weighted[2 * i]!,
    state: kernels.f64(12),
    energies: kernels.f64(2),
  }));
  return {
    measure(frames) {
      let energy = 0;
      for (const { left, right, state, energies } of pairs) {
        energies.fill(0);
        kernels.functions.kWeightPair(
          pointers[left]!,
          pointers[right]!,
          frames,
          coefficients.byteOffset,
          state.byteOffset,
          energies.byteOffset,
        );
        energy += weights[left]! * energies[0]!;
        if (right !== left) energy += weights[right]! * energies[1]!;
      }
      return energy;
    },
    reset() {
      for (const { state } of pairs) state.fill(0);
    },
  };
}
