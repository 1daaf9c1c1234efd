// The one gain of an album: its tracks are measured as one programme, and every track gets the gain that brings the
// whole to the target, so that the quiet one stays the quiet one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeAudio } from '../audio/decode.js';
import { probeAudio } from '../audio/probe.js';
import { openWav } from '../audio/wav-reader.js';
import { channelWeights } from '../dsp/loudness/channel-weights.js';
import { integratedLoudness } from '../dsp/loudness/gating.js';
import { measureRange } from '../dsp/loudness/measure-range.js';
import { hopMeansOf, joinParts } from '../dsp/loudness/programme.js';
import { roundTo } from '../units.js';
import type { MasterTarget } from './master-target.js';

const RANGE_SEC = 30;

/** Integrated loudness in LUFS of all files as one programme; null for silence. @throws ForgeError input/* */
export async function albumLoudness(paths: readonly string[]): Promise<number | null> {
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-album-'));
  const hops: Float64Array[] = [];
  try {
    for (const path of paths) hops.push(await hopMeans(path, scratchDir));
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
  const whole = new Float64Array(hops.reduce((sum, track) => sum + track.length, 0));
  let at = 0;
  for (const track of hops) {
    whole.set(track, at);
    at += track.length;
  }
  return integratedLoudness(whole);
}

/** Gain in dB that brings an album of `albumLufs` to a target; 0 where the target asks for no loudness, or there is no sound. */
export function albumGainDb(albumLufs: number | null, target: MasterTarget): number {
  if (albumLufs === null || target.integratedLufs === null) return 0;
  return roundTo(target.integratedLufs - albumLufs, 2);
}

async function hopMeans(path: string, scratchDir: string): Promise<Float64Array> {
  const decoded = await decodeAudio(await probeAudio(path), { scratchDir });
  const reader = openWav(decoded.path);
  try {
    const { sampleRateHz, channelCount, frameCount } = reader;
    const weights = channelWeights(channelCount, reader.info.channelMask);
    const parts = [];
    for (let startFrame = 0; startFrame < frameCount; startFrame += RANGE_SEC * sampleRateHz) {
      const endFrame = Math.min(startFrame + RANGE_SEC * sampleRateHz, frameCount);
      parts.push(measureRange(reader, { sampleRateHz, weights, startFrame, endFrame }));
    }
    return hopMeansOf(joinParts(parts), sampleRateHz);
  } finally {
    reader.close();
    if (decoded.path !== path) rmSync(decoded.path, { force: true });
  }
}
