// The remix stage: exact sums, level of what was taken out, bypass where nothing changed.
import { describe, expect, it } from 'vitest';
import { remixStage } from '../../../src/pipeline/stages/remix.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';

const RATE_HZ = 8000;

/** Values with 20 bits, so that their sums and differences are exact in float32. */
function ramp(frames: number, step: number): Float32Array {
  return Float32Array.from({ length: frames }, (_, i) => (((i * step) % 4096) - 2048) / 8192);
}

function stereo(frames: number, step: number): Float32Array[] {
  return [ramp(frames, step), ramp(frames, step + 2)];
}

describe('remix', () => {
  it('is the mix where before and after have the same samples', async () => {
    const mix = stereo(150000, 7);
    const vocals = stereo(150000, 11);
    const result = await runStage(
      remixStage,
      {
        mix: audioRefOf(mix, RATE_HZ),
        'before:vocals': audioRefOf(vocals, RATE_HZ),
        'after:vocals': audioRefOf(vocals, RATE_HZ),
      },
      { stems: ['vocals'] },
    );
    expect(readAll(result.outputs.mix!)).toEqual(mix);
    expect(result.outcome.data).toEqual({ removedDb: null, stems: [{ name: 'vocals', removedDb: null }] });
  });

  it('takes out of the mix what was taken out of the stems, and says how much', async () => {
    const frames = 1_000_003;
    const [mix, vocals, drums] = [stereo(frames, 7), stereo(frames, 11), stereo(frames, 13)];
    const halved = vocals.map((samples) => samples.map((sample) => sample / 2));
    const silent = drums.map((samples) => samples.map(() => 0));
    const result = await runStage(
      remixStage,
      {
        mix: audioRefOf(mix, RATE_HZ),
        'before:vocals': audioRefOf(vocals, RATE_HZ),
        'after:vocals': audioRefOf(halved, RATE_HZ),
        'before:drums': audioRefOf(drums, RATE_HZ),
        'after:drums': audioRefOf(silent, RATE_HZ),
      },
      { stems: ['vocals', 'drums'] },
    );
    const output = readAll(result.outputs.mix!);
    let mixEnergy = 0;
    let removedEnergy = 0;
    for (const channel of [0, 1]) {
      for (let i = 0; i < frames; i++) {
        const taken = vocals[channel]![i]! / 2 + drums[channel]![i]!;
        mixEnergy += mix[channel]![i]! ** 2;
        removedEnergy += taken ** 2;
        if (output[channel]![i] !== mix[channel]![i]! - taken)
          expect.fail(`frame ${i} of channel ${channel}`);
      }
    }
    const data = result.outcome.data as { removedDb: number; stems: { removedDb: number }[] };
    expect(data.removedDb).toBeCloseTo(10 * Math.log10(removedEnergy / mixEnergy), 1);
    expect(data.stems[0]!.removedDb).toBeCloseTo(-6.02, 1);
    expect(data.stems[1]!.removedDb).toBeCloseTo(0, 1);
  });

  it('bypasses, with the reason, where no stem was changed', async () => {
    const mix = audioRefOf(stereo(100, 7), RATE_HZ);
    const none = await runStage(remixStage, { mix }, {});
    expect(none.bypassed.mix).toEqual({ inputRole: 'mix', reason: 'no stem was changed' });
    expect(none.outputs.mix!.path).toBe(mix.path);
    const vocals = audioRefOf(stereo(100, 11), RATE_HZ);
    const same = await runStage(
      remixStage,
      { mix, 'before:vocals': vocals, 'after:vocals': vocals },
      { stems: ['vocals'] },
    );
    expect(same.bypassed.mix?.reason).toBe('restoration left every stem as it was');
  });

  it('refuses stems of another shape', async () => {
    const inputs = {
      mix: audioRefOf(stereo(100, 7), RATE_HZ),
      'before:vocals': audioRefOf(stereo(99, 7), RATE_HZ),
      'after:vocals': audioRefOf(stereo(99, 11), RATE_HZ),
    };
    await expect(runStage(remixStage, inputs, { stems: ['vocals'] })).rejects.toThrow(/before:vocals/);
  });
});
