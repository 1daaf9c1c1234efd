// Onsets: peaks of the network's onset activation, refined between frames.
import { ONSET_FRAMES_PER_SEC } from './activations.js';

const THRESHOLD = 0.3;
const REACH_FRAMES = 3;
const SHORTEST_GAP_SEC = 0.03;

/** Times in seconds at which something starts to sound, ascending, at least 30 ms apart. */
export function pickOnsets(onset: Float32Array, threshold: number = THRESHOLD): number[] {
  const times: number[] = [];
  for (let t = 0; t < onset.length; t++) {
    const value = onset[t]!;
    if (value < threshold) continue;
    let isPeak = true;
    for (let k = 1; k <= REACH_FRAMES && isPeak; k++) {
      isPeak = value > (onset[t - k] ?? 0) && value >= (onset[t + k] ?? 0);
    }
    if (!isPeak) continue;
    const before = onset[t - 1] ?? 0;
    const after = onset[t + 1] ?? 0;
    const bend = before - 2 * value + after;
    const sec = (t + (bend < 0 ? (0.5 * (before - after)) / bend : 0)) / ONSET_FRAMES_PER_SEC;
    if (times.length === 0 || sec - times[times.length - 1]! >= SHORTEST_GAP_SEC)
      times.push(Math.max(0, sec));
  }
  return times;
}
