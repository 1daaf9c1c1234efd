// Cuts a range into overlapping stretches that lie on a fixed grid of the file, for repairs that look at a stretch at a
// time. Each stretch answers for its middle, so the result does not depend on how the file is cut into ranges.
import type { FrameSource } from '../resample.js';

/** A damaged place: frames [startFrame, endFrame) of one channel, or of all (null). */
export interface DamagedRegion {
  readonly channel: number | null;
  readonly startFrame: number;
  readonly endFrame: number;
  /** How far the damage stands out, in dB; what against is said by the repair. */
  readonly severityDb: number;
}

/** Damage inside of one stretch, in frames of the stretch. */
export interface StretchDamage {
  readonly start: number;
  readonly end: number;
  readonly severityDb: number;
}

export const STRETCH_FRAMES = 4096;
const CORE_FRAMES = STRETCH_FRAMES / 2;
const MARGIN_FRAMES = (STRETCH_FRAMES - CORE_FRAMES) / 2;

/**
 * Calls `repair` for every stretch whose middle touches [startFrame, endFrame).
 * @param output [channels][frames of the range] to receive the repaired samples; undefined to detect only
 * @param repair marks damage and changes the stretch in place; it is told where the stretch lies in the file
 * @returns regions that begin inside of the range
 */
export function repairByStretches(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  output: readonly Float64Array[] | undefined,
  repair: (stretch: Float64Array, channel: number, stretchStart: number) => StretchDamage[],
): DamagedRegion[] {
  const regions: DamagedRegion[] = [];
  const block = Array.from({ length: source.channelCount }, () => new Float64Array(STRETCH_FRAMES));
  const first = Math.floor(startFrame / CORE_FRAMES);
  for (let index = first; index * CORE_FRAMES < endFrame; index++) {
    const coreStart = index * CORE_FRAMES;
    const stretchStart = coreStart - MARGIN_FRAMES;
    source.read(stretchStart, block);
    for (const [channel, samples] of block.entries()) {
      for (const { start, end, severityDb } of repair(samples, channel, stretchStart)) {
        const at = stretchStart + start;
        const isOwn = start >= MARGIN_FRAMES && start < MARGIN_FRAMES + CORE_FRAMES;
        if (isOwn && at >= startFrame && at < endFrame) {
          regions.push({ channel, startFrame: at, endFrame: stretchStart + end, severityDb });
        }
      }
      if (output === undefined) continue;
      const from = Math.max(coreStart, startFrame);
      const to = Math.min(coreStart + CORE_FRAMES, endFrame);
      output[channel]!.set(samples.subarray(from - stretchStart, to - stretchStart), from - startFrame);
    }
  }
  return regions;
}

/** Regions of one channel that touch or overlap as one, with the larger severity; in order of time. */
export function joinTouching(regions: readonly DamagedRegion[]): DamagedRegion[] {
  const sorted = [...regions].sort(
    (a, b) => a.startFrame - b.startFrame || (a.channel ?? -1) - (b.channel ?? -1),
  );
  const joined: DamagedRegion[] = [];
  const lastOf = new Map<number | null, number>();
  for (const region of sorted) {
    const place = lastOf.get(region.channel);
    const last = place === undefined ? undefined : joined[place];
    if (place !== undefined && last !== undefined && region.startFrame <= last.endFrame) {
      joined[place] = {
        ...last,
        endFrame: Math.max(last.endFrame, region.endFrame),
        severityDb: Math.max(last.severityDb, region.severityDb),
      };
    } else {
      lastOf.set(region.channel, joined.length);
      joined.push(region);
    }
  }
  return joined;
}
