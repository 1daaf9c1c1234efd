// Rumble: what shakes below all music, from turntables, wind and traffic. Measured as the level below 12 Hz; taken away
// by a linear-phase high pass at 20 Hz, worked out at 400 Hz and subtracted, so that everything above passes.
import { createResampledReader, type FrameSource } from '../resample.js';
import { createStft } from '../stft.js';

const LOW_RATE_HZ = 400;
/** Levels are means over 2.56 s. */
const LEVEL_FRAMES = 1024;
const MEASURE_HZ = [2, 12] as const;
/** Half length of the filter, 0.4 s: 60 dB down below 14 Hz, flat from 26 Hz. */
const HALF_TAPS = 160;
const CUTOFF_HZ = 20;
const BLOCK_FRAMES = 4096;
const LOWEST_DB = -150;
const STEPS = 160;
/** Rumble is there at all times: half of the file lies above this … */
const RUMBLE_DBFS = -56;
/** … and louder by this than the band above it: the edges of bass notes and kicks fall towards 0 Hz. */
const ABOVE_EDGES_DB = 3;
const EDGES_HZ = [14, 25] as const;

/**
 * Counts of levels, in steps of 1 dB from −150 dBFS, whose middle lies inside of the range: those from 2 to 12 Hz, and
 * behind them those from 14 to 25 Hz.
 */
export function measureRumble(source: FrameSource, startFrame: number, endFrame: number): Uint32Array {
  const low = createResampledReader(source, LOW_RATE_HZ);
  const stft = createStft({ fftSize: LEVEL_FRAMES, hopFrames: LEVEL_FRAMES / 2, window: 'hann' });
  const block = Array.from({ length: source.channelCount }, () => new Float64Array(LEVEL_FRAMES));
  const re = new Float64Array(stft.binCount);
  const im = new Float64Array(stft.binCount);
  const counts = new Uint32Array(2 * STEPS);
  const step = (LEVEL_FRAMES / 2) * (source.sampleRateHz / LOW_RATE_HZ);
  const bandsOf = [MEASURE_HZ, EDGES_HZ].map((band) =>
    band.map((hz) => Math.round((hz * LEVEL_FRAMES) / LOW_RATE_HZ)),
  );
  for (let index = Math.ceil(startFrame / step); index * step < endFrame; index++) {
    const start = (index * LEVEL_FRAMES) / 2 - LEVEL_FRAMES / 2;
    // Only whole levels count: the ends of a file are steps.
    if (start < 0 || start + LEVEL_FRAMES > low.frameCount) continue;
    low.read(start, block);
    const powers = [0, 0];
    for (const samples of block) {
      stft.analyse(samples, 0, re, im);
      for (const [band, [first, last]] of bandsOf.entries()) {
        // The squared Hann window sums to 3/8 of its length.
        for (let k = first!; k <= last!; k++)
          powers[band]! += (2 * (re[k]! ** 2 + im[k]! ** 2)) / (0.375 * LEVEL_FRAMES ** 2 * block.length);
      }
    }
    for (const [band, power] of powers.entries()) {
      const at = Math.round(10 * Math.log10(power + 1e-15) - LOWEST_DB);
      counts[band * STEPS + Math.min(STEPS - 1, Math.max(0, at))]! += 1;
    }
  }
  return counts;
}

/** Median level from 2 to 12 Hz in dBFS; null for less than 4 levels. */
export function rumbleLevelDbfs(counts: Uint32Array): number | null {
  return medianDbfs(counts.subarray(0, STEPS));
}

/** Whether what shakes there is rumble. */
export function isRumble(counts: Uint32Array): boolean {
  const levelDbfs = medianDbfs(counts.subarray(0, STEPS));
  const edgesDbfs = medianDbfs(counts.subarray(STEPS));
  return (
    levelDbfs !== null && edgesDbfs !== null && levelDbfs > Math.max(RUMBLE_DBFS, edgesDbfs + ABOVE_EDGES_DB)
  );
}

function medianDbfs(counts: Uint32Array): number | null {
  const total = counts.reduce((sum, value) => sum + value, 0);
  if (total < 4) return null;
  let left = total / 2;
  for (let step = 0; step < counts.length; step++) {
    left -= counts[step]!;
    if (left < 0) return LOWEST_DB + step;
  }
  return null;
}

/** Fills `output` with the range, without what lies below 20 Hz. The result does not depend on the cut into ranges. */
export function removeRumble(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  output: readonly Float64Array[],
): void {
  source.read(startFrame, output);
  const low = createResampledReader(source, LOW_RATE_HZ);
  const taps = lowPassTaps();
  const rumble: FrameSource = {
    sampleRateHz: LOW_RATE_HZ,
    channelCount: source.channelCount,
    frameCount: low.frameCount,
    read(start, into) {
      const length = into[0]!.length;
      const around = into.map(() => new Float64Array(length + 2 * HALF_TAPS));
      low.read(start - HALF_TAPS, around);
      for (const [channel, samples] of into.entries()) {
        for (let n = 0; n < length; n++) {
          let sum = 0;
          for (let k = 0; k < taps.length; k++) sum += taps[k]! * around[channel]![n + k]!;
          samples[n] = start + n < 0 || start + n >= low.frameCount ? 0 : sum;
        }
      }
    },
    close() {},
  };
  const atFileRate = createResampledReader(rumble, source.sampleRateHz);
  const lost = output.map(() => new Float64Array(BLOCK_FRAMES));
  for (let start = startFrame; start < endFrame; start += BLOCK_FRAMES) {
    const frames = Math.min(BLOCK_FRAMES, endFrame - start);
    const part = lost.map((samples) => samples.subarray(0, frames));
    atFileRate.read(start, part);
    for (const [channel, samples] of part.entries()) {
      const target = output[channel]!;
      for (let n = 0; n < frames; n++)
        target[start - startFrame + n] = target[start - startFrame + n]! - samples[n]!;
    }
  }
}

/** A low pass by the window method (Blackman), gain 1 at 0 Hz. */
function lowPassTaps(): Float64Array {
  const taps = Float64Array.from({ length: 2 * HALF_TAPS + 1 }, (_, n) => {
    const x = n - HALF_TAPS;
    const angle = (Math.PI * n) / HALF_TAPS;
    const window = 0.42 - 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle);
    const turn = (2 * Math.PI * CUTOFF_HZ * x) / LOW_RATE_HZ;
    return window * (x === 0 ? 1 : Math.sin(turn) / turn);
  });
  const sum = taps.reduce((total, value) => total + value, 0);
  return taps.map((value) => value / sum);
}
