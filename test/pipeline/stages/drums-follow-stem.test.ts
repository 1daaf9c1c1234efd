// A preset in which the drummer follows a stem of the separation: what it plays is what the delivered stem asks for.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWav } from '../../../src/audio/wav-reader.js';
import { KitBank, KitPlayer } from '../../../src/dsp/drum-kit/kit-player.js';
import { type DrummerModel, loadDrummer } from '../../../src/models/drummer.js';
import { followOf } from '../../../src/pipeline/follow-audio.js';
import { type FollowSource, lockRate } from '../../../src/players/follow.js';
import { type DrumPerformance, perform } from '../../../src/players/performance.js';
import { loadPersona } from '../../../src/players/persona.js';
import { TempoMap } from '../../../src/players/tempo-map.js';
import { startForge, writeWav } from '../../helpers/cli.js';
import { readAll, temporaryFolder } from '../../helpers/direct-job.js';

const RATE_HZ = 44_100;
const TEMPO_BPM = 98;
const BAR_COUNT = 3;
const cwd = temporaryFolder();
let model: DrummerModel;

beforeAll(async () => {
  model = await loadDrummer();
});
afterAll(async () => {
  await model.release();
  rmSync(cwd, { recursive: true, force: true });
});

/** A bass off the usual places of a kick, under a thin high tone: stereo, three bars. */
function song(): Float32Array[] {
  const samples = new Float32Array(Math.floor((BAR_COUNT * 240 * RATE_HZ) / TEMPO_BPM));
  for (let bar = 0; bar < BAR_COUNT; bar++) {
    for (const step of [0, 3, 7, 11, 14]) {
      const start = Math.round((16 * bar + step) * (15 / TEMPO_BPM) * RATE_HZ);
      for (let i = 0; i < 0.25 * RATE_HZ && start + i < samples.length; i++) {
        const t = i / RATE_HZ;
        const tone = Math.sin(2 * Math.PI * 73.4 * t) + 0.4 * Math.sin(2 * Math.PI * 146.8 * t);
        samples[start + i]! += 0.4 * Math.min(1, t / 0.003) * Math.exp(-10 * t) * tone;
      }
    }
  }
  const lead = (i: number, pan: number) => 0.05 * pan * Math.sin((2 * Math.PI * 880 * i) / RATE_HZ);
  return [samples.map((bass, i) => bass + lead(i, 1)), samples.map((bass, i) => bass + lead(i, 0.6))];
}

function play(follow?: FollowSource): Promise<DrumPerformance> {
  return perform({
    model,
    persona: loadPersona('jerome'),
    sections: [{ label: '', bars: BAR_COUNT }],
    tempoMap: new TempoMap([{ atQuarter: 0, quartersPerMinute: TEMPO_BPM }]),
    overrides: { seed: 7 },
    ...(follow === undefined ? {} : { follow }),
  });
}

function render({ events, controls }: DrumPerformance, frameCount: number): Float64Array {
  const left = new Float64Array(frameCount);
  new KitPlayer(new KitBank(controls.kit, RATE_HZ), events, frameCount).process(left, left.slice());
  return left;
}

function lockOf({ events }: DrumPerformance, { onsets }: FollowSource): number {
  return lockRate(
    events.filter(({ sound }) => sound === 'kick').map(({ timeSec }) => timeSec),
    onsets,
  );
}

describe('a preset with separate and a drummer with followStem', () => {
  it('plays to the separated bass', async () => {
    writeWav(join(cwd, 'song.wav'), song(), RATE_HZ);
    writeFileSync(
      join(cwd, 'band.yaml'),
      [
        'summary: a drummer who follows the bass of the song',
        'stages:',
        '  - separate',
        `  - drums: { persona: jerome, tempoBpm: ${TEMPO_BPM}, followStem: bass }`,
      ].join('\n'),
    );
    const args = ['run', 'song.wav', '--preset', 'band.yaml', '--seed', '7', '--depth', '32f', '--quiet'];
    const run = await startForge(args, { cwd }).done;
    expect(run.stderr).toBe('');
    expect(run.code).toBe(0);

    const stems = join(cwd, 'forge-out/song/stems');
    const reader = openWav(join(stems, 'bass.wav'));
    const bass = followOf(reader);
    reader.close();
    const following = await play(bass);
    const free = await play();
    const written = readAll(join(stems, 'drummer.wav'))[0]!;
    const difference = (expected: Float64Array) =>
      written.reduce((most, sample, i) => Math.max(most, Math.abs(sample - expected[i]!)), 0);
    expect(difference(render(following, written.length))).toBeLessThan(1e-5);
    expect(difference(render(free, written.length))).toBeGreaterThan(0.05);
    expect(lockOf(following, bass)).toBeGreaterThan(Math.max(0.9, lockOf(free, bass) + 0.2));
  }, 150_000);
});
