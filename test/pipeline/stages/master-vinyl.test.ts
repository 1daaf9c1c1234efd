import { expect, it } from 'vitest';
import { BUTTERWORTH_Q, highPass } from '../../../src/dsp/biquad.js';
import { masterStage } from '../../../src/pipeline/stages/master.js';
import { masterSchema } from '../../../src/pipeline/stages/master-schema.js';
import { levelDb } from '../../dsp/devices.js';
import { musicLike, noise } from '../../dsp/signals.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';

const RATE_HZ = 48_000;
const BURST_FRAMES = RATE_HZ / 8;
const [B0, B1, B2, A1, A2] = highPass(6000, BUTTERWORTH_Q, RATE_HZ);

function topOf(samples: Float32Array): Float32Array {
  const out = new Float32Array(samples.length);
  let [s1, s2] = [0, 0];
  for (let i = 0; i < out.length; i++) {
    const x = samples[i]!;
    const y = B0 * x + s1;
    s1 = B1 * x - A1 * y + s2;
    s2 = B2 * x - A2 * y;
    out[i] = y;
  }
  return out;
}

/** Music with a hiss of an eighth of a second every two seconds. */
function withSibilants(): { channels: Float32Array[]; isHiss: (frame: number) => boolean } {
  const isHiss = (frame: number) => frame % (2 * RATE_HZ) < BURST_FRAMES;
  const hiss = topOf(noise(RATE_HZ * 34, 7, 0.25));
  const channels = musicLike(RATE_HZ * 34, RATE_HZ, 1, 0.3).map((samples) =>
    samples.map((x, i) => x + (isHiss(i) ? hiss[i]! : 0)),
  );
  return { channels, isHiss };
}

it('tames the sibilants of a pre-master for vinyl, says by how much, and spares the rest', async () => {
  const { channels, isHiss } = withSibilants();
  const topLevels = async (preset: string) => {
    const { outcome, outputs } = await runStage(
      masterStage,
      { mix: audioRefOf(channels, RATE_HZ) },
      { preset, character: 'transparent', correctionPercent: 0 },
    );
    const whole = readAll(outputs.master!)[0]!;
    const hissDb = levelDb(topOf(whole).filter((_, i) => isHiss(i)));
    const data = masterSchema.parse(outcome.data);
    return { data, overRestDb: hissDb - levelDb(whole.filter((_, i) => !isHiss(i))) };
  };
  const vinyl = await topLevels('vinyl');
  const plain = await topLevels('apple-music');
  const link = vinyl.data.chain.find(({ device }) => device === 'de-esser')!;
  expect(plain.data.chain.find(({ device }) => device === 'de-esser')).toBeUndefined();
  expect(plain.overRestDb - vinyl.overRestDb).toBeGreaterThan(3);
  const [, deepest, sec] = /up to ([\d.]+) dB off the top, 1 dB or more for ([\d.]+) s/.exec(link.reason)!;
  expect(Number(deepest)).toBeGreaterThan(4);
  // 17 hisses of 0.125 s and 68 snares, with the release behind them, over two ranges.
  expect(Number(sec)).toBeGreaterThan(2);
  expect(Number(sec)).toBeLessThan(17);
});
