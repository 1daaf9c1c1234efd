import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { probeAudio } from '../../../src/audio/probe.js';
import { loadMasterTarget } from '../../../src/pipeline/master-target.js';
import type { DeliverySpec, WrittenForm } from '../../../src/pipeline/stage.js';
import { masterStage } from '../../../src/pipeline/stages/master.js';
import {
  checkDelivery,
  completeDelivery,
  deliveryFlags,
  foretellForm,
} from '../../../src/pipeline/stages/master-delivery.js';
import { masterSchema } from '../../../src/pipeline/stages/master-schema.js';
import { musicLike } from '../../dsp/signals.js';
import { audioRefOf, runStage } from '../../helpers/direct-job.js';

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

const WAV: WrittenForm = {
  container: 'wav',
  sampleRateHz: 48_000,
  channelCount: 2,
  bitDepth: 24,
  bitrateKbps: null,
  isConstantBitrate: null,
};
const MP3: WrittenForm = {
  container: 'mp3',
  sampleRateHz: 44_100,
  channelCount: 1,
  bitDepth: null,
  bitrateKbps: 192,
  isConstantBitrate: true,
};

function judged(preset: string, form: WrittenForm) {
  const { delivery } = loadMasterTarget(preset);
  const checks = checkDelivery(delivery!, form);
  return {
    verdicts: Object.fromEntries(checks.map(({ rule, pass }) => [rule, pass])),
    flags: deliveryFlags(delivery!, checks),
  };
}

describe('the form of a delivery', () => {
  it('is held against the rules of the target; what a file does not have is not checked', () => {
    expect(judged('acx', MP3).verdicts).toEqual({
      container: true,
      sampleRateHz: true,
      bitrateKbps: true,
      bitrateMode: true,
      channelCount: true,
    });
    expect(judged('acx', { ...MP3, bitrateKbps: 160, isConstantBitrate: false }).verdicts).toMatchObject({
      bitrateKbps: false,
      bitrateMode: false,
    });
    expect(judged('acx', WAV).verdicts).toMatchObject({ container: false, bitrateKbps: null });
    expect(judged('cd', WAV).verdicts).toMatchObject({
      container: true,
      sampleRateHz: false,
      bitDepth: false,
    });
    expect(judged('apple-podcasts', { ...MP3, channelCount: 2 }).verdicts).toMatchObject({ bitDepth: null });
  });

  it('comes with the flags that make it', () => {
    expect(judged('acx', MP3).flags).toBe('');
    expect(judged('acx', WAV).flags).toBe('--format mp3 --rate 44100 --bitrate 192');
    expect(judged('acx', { ...MP3, bitrateKbps: 160 }).flags).toBe('--bitrate 192');
    expect(judged('cd', WAV).flags).toBe('--rate 44100 --depth 16');
    expect(judged('cd', MP3).flags).toBe('--format wav --depth 16');
    expect(judged('apple-podcasts', { ...MP3, sampleRateHz: 32_000 }).flags).toBe('--rate 44100');
    expect(judged('netflix', WAV).flags).toBe('');
    expect(judged('acx', { ...MP3, channelCount: 6 }).flags).toBe('');
  });

  it('is chosen for a target that takes no WAV, where the user leaves it open', () => {
    const { delivery } = loadMasterTarget('acx');
    const mono = { sampleRateHz: 48_000, channelCount: 1 };
    const whole = completeDelivery(delivery, {}, mono);
    expect(whole).toEqual({ container: 'mp3', sampleRateHz: 44_100, bitrateKbps: 192 });
    expect(completeDelivery(delivery, {}, { ...mono, channelCount: 2 }).bitrateKbps).toBe(320);
    expect(completeDelivery(delivery, { bitrateKbps: 128, sampleRateHz: 48_000 }, mono)).toMatchObject({
      bitrateKbps: 128,
      sampleRateHz: 48_000,
    });
    expect(completeDelivery(delivery, { container: 'wav' }, mono)).toEqual({
      container: 'wav',
      sampleRateHz: 44_100,
    });
    // Of targets that take WAV nothing is chosen.
    expect(completeDelivery(loadMasterTarget('cd').delivery, {}, mono)).toEqual({});
    expect(completeDelivery(undefined, {}, mono)).toEqual({});
  });

  it('is foretold', () => {
    const spec: DeliverySpec = {
      container: 'wav',
      sampleRateHz: 48_000,
      sampleFormat: { kind: 'int', bits: 24 },
    };
    expect(foretellForm(spec, 2)).toEqual(WAV);
    expect(foretellForm({ ...spec, container: 'mp3', sampleRateHz: 96_000 }, 1)).toEqual({
      ...MP3,
      sampleRateHz: 48_000,
      bitrateKbps: 160,
    });
    expect(
      foretellForm({ ...spec, container: 'flac', sampleFormat: { kind: 'float', bits: 32 } }, 2),
    ).toEqual({
      ...WAV,
      container: 'flac',
    });
  });

  async function master(preset: string, delivery: Partial<DeliverySpec>) {
    const { outcome, notes, encoded } = await runStage(
      masterStage,
      { mix: audioRefOf(musicLike(48_000 * 6, 48_000), 48_000) },
      { preset, character: 'none' },
      { delivery },
    );
    const { checks } = masterSchema.parse(outcome.data) as z.output<typeof masterSchema>;
    const measured = Object.fromEntries(checks.map((check) => [check.rule, check.measured]));
    const verdicts = Object.fromEntries(checks.map((check) => [check.rule, check.pass]));
    return { outcome, notes, encoded, measured, verdicts };
  }

  it('is read from the written file, told, and misses nothing', async () => {
    const wrong = await master('cd', { sampleFormat: { kind: 'int', bits: 24 } });
    expect(wrong.outcome.missed).toBeUndefined();
    expect(wrong.verdicts).toMatchObject({ sampleRateHz: false, bitDepth: false, integratedLufs: true });
    expect(wrong.notes.map(({ message }) => message).join()).toContain('--rate 44100 --depth 16');
    const right = await master('cd', { sampleRateHz: 44_100, sampleFormat: { kind: 'int', bits: 16 } });
    expect(right.measured).toMatchObject({ container: 'wav', sampleRateHz: 44_100, bitDepth: 16 });
    expect(Object.values(right.verdicts)).not.toContain(false);
    expect(right.notes).toEqual([]);
  });

  it.skipIf(!hasFfmpeg)('knows bit rate and mode of an MP3 (needs ffmpeg)', async () => {
    const made = await master('acx', { container: 'mp3', sampleRateHz: 44_100, bitrateKbps: 192 });
    expect(made.measured).toMatchObject({ container: 'mp3', sampleRateHz: 44_100, bitrateMode: 'constant' });
    expect(made.measured.bitrateKbps).toBe(192);
    const spec = { container: 'mp3', sampleRateHz: 44_100, bitrateKbps: 192 } as const;
    const foretold = foretellForm({ ...spec, sampleFormat: { kind: 'int', bits: 24 } }, 2);
    const { delivery } = loadMasterTarget('acx');
    for (const { rule, measured } of checkDelivery(delivery!, foretold))
      expect(made.measured[rule]).toBe(measured);
    expect(made.verdicts).toMatchObject({ bitrateKbps: true, bitrateMode: true });
    const { path } = made.encoded.master!;
    const variable = path.replace('.mp3', '.vbr.mp3');
    const args = ['-v', 'error', '-i', path, '-c:a', 'libmp3lame', '-q:a', '4', variable];
    expect(spawnSync('ffmpeg', args).status).toBe(0);
    expect((await probeAudio(variable)).isConstantBitrate).toBe(false);
  });
});
