// A mix as forge's own mastering makes it for a streaming service with the character punch: what separation gets of music
// that is out already. Runs the built command line tool.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWavWriter } from '../../src/audio/wav-writer.js';
import { type Channels, decode } from './songs.js';

/** Exit code of a master that is made but misses its target. */
const MISSED = 8;
const FORGE = join(import.meta.dirname, '../../bin/forge.js');

/** The master of a stereo mix at 44.1 kHz, frame by frame in step with it. */
export function masterMix(mix: Channels, sampleRateHz: number): Channels {
  const folder = mkdtempSync(join(tmpdir(), 'forge-bench-mastered-'));
  try {
    const source = join(folder, 'mix.wav');
    const writer = createWavWriter(source, {
      sampleRateHz,
      channelCount: mix.length,
      frameCount: mix[0]!.length,
      sampleFormat: { kind: 'float', bits: 32 },
    });
    writer.write(0, mix);
    writer.commit();
    const out = join(folder, 'master.wav');
    const form = ['--preset', 'spotify', '--character', 'punch', '--depth', '24'];
    const { status, stderr } = spawnSync(
      process.execPath,
      [FORGE, 'master', source, ...form, '-o', out, '--quiet'],
      { cwd: folder, encoding: 'utf8' },
    );
    if (status !== 0 && status !== MISSED) throw new Error(stderr);
    return decode(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
