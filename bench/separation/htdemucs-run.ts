// A process of its own that separates a song by an HTDemucs export, as the stage does, and tells what it took:
//   tsx htdemucs-run.ts network.onnx song.f32 stems.f32
// Files as torch_peer.py has them. Prints seconds to load, their processor time, seconds to separate and peak
// memory as JSON.
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { planChunks } from '../../src/models/separation/chunks.js';
import { estimateRange, songLevel } from '../../src/models/separation/estimate-range.js';
import { createSeparationNetwork } from '../../src/models/separation/separation-network.js';
import { createSession } from '../../src/models/session.js';

const RATE_HZ = 44_100;
const STEM_COUNT = 4;
const [networkPath, songPath, stemsPath] = process.argv.slice(2) as [string, string, string];

const all = new Float32Array(new Uint8Array(readFileSync(songPath)).buffer);
const frameCount = all.length / 2;
const song = [all.subarray(0, frameCount), all.subarray(frameCount)];
const source = {
  sampleRateHz: RATE_HZ,
  channelCount: 2,
  frameCount,
  read(start: number, into: readonly Float32Array[]) {
    for (const [channel, samples] of into.entries())
      for (let i = 0; i < samples.length; i++) samples[i] = song[channel]![start + i] ?? 0;
  },
  close() {},
};

const opened = performance.now();
const openedCpu = process.cpuUsage();
const threads = availableParallelism();
const session = await createSession(networkPath, { label: 'bench', threads, useMemoryArena: false });
const network = createSeparationNetwork(session, STEM_COUNT, 'bench');
const loadSec = (performance.now() - opened) / 1000;
const { user, system } = process.cpuUsage(openedCpu);
const loadCpuSec = (user + system) / 1e6;

const started = performance.now();
let sum = 0;
let squares = 0;
for (let i = 0; i < frameCount; i++) {
  const mid = 0.5 * (song[0]![i]! + song[1]![i]!);
  sum += mid;
  squares += mid * mid;
}
const plan = planChunks(frameCount, network.segmentFrames, Math.floor(0.75 * network.segmentFrames));
const level = songLevel(sum, squares, frameCount);
const { stems } = await estimateRange(source, plan, level, 0, frameCount, STEM_COUNT, network, () => {});
const seconds = (performance.now() - started) / 1000;

const whole = new Float32Array(STEM_COUNT * 2 * frameCount);
for (const [stem, channels] of stems.entries())
  for (const [channel, samples] of channels.entries())
    whole.set(samples.subarray(0, frameCount), (2 * stem + channel) * frameCount);
writeFileSync(stemsPath, new Uint8Array(whole.buffer));
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ loadSec, loadCpuSec, seconds, peakMb, segments: plan.chunks.length }));
