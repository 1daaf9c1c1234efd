// Takes hum away by subtracting it: every harmonic is a sine whose frequency, level and phase are known from
// hum-track.ts. Nothing else is filtered, so notes beside and between the harmonics stay as they are.
import type { FrameSource } from '../resample.js';
import { createPhase, PHASOR_STEP_SEC } from './hum-lines.js';
import type { Hum } from './hum-track.js';

/** Phases are computed anew every so many frames, and turned on in between. */
const STEP_FRAMES = 256;

/** Fills `output` with the range, without the hum. The result does not depend on the cut into ranges. */
export function removeHum(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  hum: Hum,
  output: readonly Float64Array[],
): void {
  source.read(startFrame, output);
  const { sampleRateHz } = source;
  const phaseAt = createPhase(hum.track);
  const count = hum.harmonics.length;
  const blockCount = hum.phasors[0]!.length / (2 * count);
  const levels = new Float64Array(2 * count);
  const slopes = new Float64Array(2 * count);
  const highest = hum.harmonics.at(-1)!;
  const placeOf = new Int32Array(highest + 1).fill(-1);
  for (const [place, k] of hum.harmonics.entries()) placeOf[k] = place;

  // Steps lie on a grid of the file.
  for (let step = Math.floor(startFrame / STEP_FRAMES); step * STEP_FRAMES < endFrame; step++) {
    const stepStart = step * STEP_FRAMES;
    const from = Math.max(startFrame, stepStart);
    const to = Math.min(endFrame, stepStart + STEP_FRAMES);
    const startTurns = phaseAt(stepStart / sampleRateHz);
    const endTurns = phaseAt((stepStart + STEP_FRAMES) / sampleRateHz);
    const place = Math.min(stepStart / sampleRateHz / PHASOR_STEP_SEC, blockCount - 1);
    const before = Math.floor(place);
    const after = Math.min(before + 1, blockCount - 1);
    const share = place - before;
    const slope = STEP_FRAMES / sampleRateHz / PHASOR_STEP_SEC;
    for (const [channel, samples] of output.entries()) {
      const phasors = hum.phasors[channel]!;
      for (let i = 0; i < 2 * count; i++) {
        const low = phasors[before * 2 * count + i]!;
        const rise = phasors[after * 2 * count + i]! - low;
        levels[i] = low + share * rise;
        slopes[i] = (slope * rise) / STEP_FRAMES;
      }
      for (let n = from; n < to; n++) {
        const ahead = n - stepStart;
        const angle = 2 * Math.PI * (startTurns + ((endTurns - startTurns) * ahead) / STEP_FRAMES);
        const stepRe = Math.cos(angle);
        const stepIm = Math.sin(angle);
        let turnRe = stepRe;
        let turnIm = stepIm;
        let sum = 0;
        for (let k = 1; k <= highest; k++) {
          const i = 2 * placeOf[k]!;
          if (i >= 0) {
            sum +=
              (levels[i]! + ahead * slopes[i]!) * turnRe - (levels[i + 1]! + ahead * slopes[i + 1]!) * turnIm;
          }
          const nextRe = turnRe * stepRe - turnIm * stepIm;
          turnIm = turnRe * stepIm + turnIm * stepRe;
          turnRe = nextRe;
        }
        samples[n - startFrame] = samples[n - startFrame]! - sum;
      }
    }
  }
}
