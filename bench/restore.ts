// Cost of each repair against the length of the sound (one core, mono), next to ffmpeg's declicker in the same run
// where there is an ffmpeg; and what the repairs make better on made damage, that of shimmer on recordings (those of
// FORGE_SHARED_DIR) too. The judges of found and missed damage are the tests (test/dsp/repair); this shows how much of the
// time a repair takes, and that none rots.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWavWriter } from '../dist/audio/wav-writer.js';
import { measureBand } from '../dist/dsp/repair/band-limit.js';
import { measureCombs, measurePhasors } from '../dist/dsp/repair/hum-lines.js';
import { resolveHum, trackHum } from '../dist/dsp/repair/hum-track.js';
import { type RepairSetting, runRepair } from '../dist/dsp/repair/repairs.js';
import { measureShimmer } from '../dist/dsp/repair/shimmer.js';
import { judgeVoice, measureVoiceLevels } from '../dist/dsp/repair/voice.js';
import { levelDbfs, sumOf } from '../test/dsp/denoise/signals.js';
import { randomFrom, sourceOf } from '../test/dsp/repair/sources.js';
import { voiceInRoom } from '../test/dsp/repair/voices.js';
import { shimmerRows } from './restore/shimmer-recordings.js';
import type { BenchCase, BenchRow } from './run.js';

const RATE_HZ = 48_000;
/** Steady hum of the mains in the bench's voice. */
const HUM_HZ = 50.06;

export const bench: BenchCase = {
  summary:
    'repairs: time against audio time (one core, mono), beside ffmpeg’s adeclick; hum and clicks taken away',
  async run({ isQuick }) {
    const durationSec = isQuick ? 9 : 60;
    const frames = durationSec * RATE_HZ;
    const { clean, spans } = voiceInRoom(frames, RATE_HZ);
    const voice = judgeVoice(measureVoiceLevels(sourceOf([clean]), 0, frames, spans), spans)!;
    const humming = sumOf(clean, humOf(frames));
    const clicking = withClicks(clean);
    const rows: BenchRow[] = [];
    const timed = (name: string, work: () => Record<string, number>) => {
      work(); // compiled and warm
      const before = process.cpuUsage();
      const figures = work();
      const { user } = process.cpuUsage(before);
      const realTime = user / 1e6 / durationSec;
      rows.push({ name, figures: { realTime, ...figures } });
      return realTime;
    };

    let track = trackHum(measureCombs(sourceOf([humming]), 0, frames));
    timed('survey: hum', () => {
      track = trackHum(measureCombs(sourceOf([humming]), 0, frames));
      return {};
    });
    timed('survey: band', () => {
      measureBand(sourceOf([clean]), 0, frames);
      return {};
    });
    timed('survey: shimmer', () => {
      measureShimmer(sourceOf([clean]), 0, frames);
      return {};
    });
    if (track !== undefined) {
      const phasors = measurePhasors(sourceOf([humming]), 0, frames, track.track);
      const hum = resolveHum(track, phasors);
      if (hum !== undefined) {
        timed('hum', () => ({
          fallDb: fallDb(clean, humming, mend({ repair: 'hum', hum }, humming)),
        }));
      }
    }
    timed('clicks, none there', () => ({ found: mendCount(clean) }));
    const clicks = timed('clicks, nine a second', () => ({
      fallDb: fallDb(clean, clicking, mend({ repair: 'clicks', thresholdDb: 30 }, clicking)),
    }));
    const settings: readonly RepairSetting[] = [
      { repair: 'clipping', ceilings: [{ positive: 0.9, negative: 0.9 }] },
      { repair: 'dc', offsets: [0.01] },
      { repair: 'rumble' },
      { repair: 'plosives', voice, thresholdDb: -12, maxReductionDb: 30 },
      { repair: 'breaths', voice, reductionDb: 9 },
      { repair: 'sibilance', voice, thresholdDb: -2, maxReductionDb: 9 },
      { repair: 'stillLines', lines: [{ lowHz: 9000, highHz: 9000 }], maxReductionDb: 18 },
      { repair: 'shimmer', maxReductionDb: 18 },
      { repair: 'bandwidth', cutoffHz: 11_000, slopeDbPerOctave: -18, share: 1 },
    ];
    for (const setting of settings) {
      timed(setting.repair, () => {
        mend(setting, clean);
        return {};
      });
    }
    rows.push(peerRow(clicking, durationSec, clicks));
    rows.push(...(await shimmerRows(isQuick)));
    return rows;
  },
};

function mend(setting: RepairSetting, samples: Float64Array): Float64Array {
  const output = new Float64Array(samples.length);
  const block = 1 << 18;
  for (let start = 0; start < samples.length; start += block) {
    const end = Math.min(samples.length, start + block);
    runRepair(setting, sourceOf([samples]), start, end, [output.subarray(start, end)]);
  }
  return output;
}

/** Regions that the click detector finds. */
function mendCount(samples: Float64Array): number {
  return runRepair({ repair: 'clicks', thresholdDb: 30 }, sourceOf([samples]), 0, samples.length).length;
}

/** By how much what is wrong has fallen, leaving a second out at both ends. */
function fallDb(clean: Float64Array, damaged: Float64Array, mended: Float64Array): number {
  const wrong = (samples: Float64Array) =>
    levelDbfs(samples.map((value, n) => value - clean[n]!).subarray(RATE_HZ, clean.length - RATE_HZ));
  return wrong(damaged) - wrong(mended);
}

function humOf(frames: number): Float64Array {
  return Float64Array.from({ length: frames }, (_, n) => {
    let sum = 0;
    for (let k = 1; k <= 12; k++)
      sum += (0.006 / k) * Math.sin((2 * Math.PI * HUM_HZ * k * n) / RATE_HZ + k * k);
    return sum;
  });
}

function withClicks(clean: Float64Array): Float64Array {
  const random = randomFrom(3);
  const damaged = clean.slice();
  for (let at = 3000; at < clean.length - 3000; at += 3000 + Math.floor(random() * 4000)) {
    for (let n = 0; n < 6; n++) damaged[at + n]! += (random() < 0.5 ? -1 : 1) * (0.1 + 0.3 * random());
  }
  return damaged;
}

function peerRow(clicking: Float64Array, durationSec: number, own: number): BenchRow {
  const folder = mkdtempSync(join(tmpdir(), 'forge-bench-restore-'));
  try {
    const path = join(folder, 'clicks.wav');
    const writer = createWavWriter(path, {
      sampleRateHz: RATE_HZ,
      channelCount: 1,
      frameCount: clicking.length,
      sampleFormat: { kind: 'float', bits: 32 },
    });
    writer.write(0, [clicking]);
    writer.commit();
    const args = ['-v', 'info', '-benchmark', '-i', path, '-af', 'adeclick', '-f', 'null', '-'];
    const { status, stderr } = spawnSync(process.env.FORGE_FFMPEG ?? 'ffmpeg', args, { encoding: 'utf8' });
    const used = /utime=([\d.]+)s/.exec(stderr ?? '')?.[1];
    if (status !== 0) return { name: 'ffmpeg adeclick', figures: { compared: 'no: there is no ffmpeg' } };
    if (used === undefined) {
      return { name: 'ffmpeg adeclick', figures: { compared: 'no: ffmpeg did not tell its time' } };
    }
    const realTime = Number(used) / durationSec;
    return { name: 'ffmpeg adeclick', figures: { realTime, clicksAgainstIt: own / realTime } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
