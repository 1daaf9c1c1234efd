import { describe, expect, it } from 'vitest';
import type { AudioInfo } from '../../src/audio/probe.js';
import { planTrack } from '../../src/pipeline/plan.js';
import { loadPipeline, pipelineOf } from '../../src/pipeline/preset.js';
import type { DeliveryWish } from '../../src/pipeline/stage.js';

const info = (changes: Partial<AudioInfo> = {}): AudioInfo => ({
  path: '/music/song.wav',
  container: 'wav',
  codec: 'pcm',
  sampleRateHz: 44_100,
  channelCount: 2,
  frameCount: 441_000,
  durationSec: 10,
  sampleFormat: { kind: 'int', bits: 16 },
  isLossy: false,
  chunks: [],
  decoder: 'wav',
  notes: [],
  ...changes,
});

const formats = async (source: AudioInfo, wish: DeliveryWish = {}) => {
  const { deliveries } = planTrack(await loadPipeline('studio'), source, wish);
  return Object.fromEntries(deliveries.map(({ file, spec }) => [file, spec.sampleFormat]));
};

describe('planTrack', () => {
  it('binds every stage to the newest audio of its name', async () => {
    const { nodes, deliveries } = planTrack(await loadPipeline('studio'), info(), {});
    const byId = Object.fromEntries(nodes.map((node) => [node.id, node]));
    expect(byId.separate!.inputs).toEqual({ audio: 'input' });
    expect(byId.denoise!.inputs).toEqual({ audio: 'separate.vocals' });
    expect(byId.denoise!.outputs).toEqual({ audio: 'vocals' });
    expect(byId.remix!.inputs).toEqual({
      mix: 'input',
      'before:vocals': 'separate.vocals',
      'after:vocals': 'denoise.audio',
    });
    expect(byId.master!.inputs).toEqual({ mix: 'remix.mix' });
    expect(deliveries.map(({ file }) => file).sort()).toEqual(
      [
        'denoised.wav',
        'master.wav',
        'stems/bass.wav',
        'stems/drums.wav',
        'stems/other.wav',
        'stems/vocals.wav',
      ].sort(),
    );
  });

  it('names a restored mix for what was done to it, and a restored stem for the stem', async () => {
    const filesOf = async (...steps: Parameters<typeof pipelineOf>[1]) =>
      planTrack(await pipelineOf('test', steps, []), info(), {}).deliveries.map(({ file }) => file);
    expect(await filesOf({ stageId: 'restore' })).toEqual(['restored.wav']);
    expect(await filesOf({ stageId: 'restore' }, { stageId: 'denoise' })).toEqual(['denoised.wav']);
    expect(await filesOf({ stageId: 'separate' }, { stageId: 'restore', on: 'vocals' })).toContain(
      'stems/vocals.wav',
    );
  });

  it('keeps the form of the input, with at least 24 bits for stems', async () => {
    const int16 = { kind: 'int', bits: 16 };
    const int24 = { kind: 'int', bits: 24 };
    const float32 = { kind: 'float', bits: 32 };
    expect(await formats(info())).toMatchObject({
      'master.wav': int16,
      'denoised.wav': int16,
      'stems/bass.wav': int24,
    });
    expect(await formats(info({ sampleFormat: { kind: 'float', bits: 32 } }))).toMatchObject({
      'master.wav': float32,
      'stems/bass.wav': float32,
    });
    expect(await formats(info({ isLossy: true, sampleFormat: { kind: 'float', bits: 32 } }))).toMatchObject({
      'master.wav': int24,
    });
    expect(await formats(info(), { sampleFormat: { kind: 'int', bits: 16 } })).toMatchObject({
      'stems/bass.wav': int16,
    });
    expect(await formats(info({ sampleFormat: { kind: 'int', bits: 8 } }))).toMatchObject({
      'master.wav': int16,
    });
  });

  it('names masters by their preset where there are several', async () => {
    const steps = ['spotify', 'cd'].map((preset) => ({ stageId: 'master', id: preset }));
    const overrides = steps.map(({ id }) => ({
      target: id,
      key: 'preset',
      value: id,
      origin: 'flag' as const,
    }));
    const { deliveries } = planTrack(await pipelineOf('master', steps, overrides), info(), {
      container: 'flac',
    });
    expect(deliveries.map(({ file }) => file)).toEqual(['master.spotify.flac', 'master.cd.flac']);
  });

  it('says which audio a stage lacks', async () => {
    const pipeline = await pipelineOf('x', [{ stageId: 'denoise', on: 'vocals' }], []);
    expect(() => planTrack(pipeline, info(), {})).toThrow(
      expect.objectContaining({ code: 'preset/invalid', message: expect.stringContaining('"vocals"') }),
    );
  });

  it('tells conversions and costs', async () => {
    const plan = planTrack(await loadPipeline('studio'), info({ decoder: 'ffmpeg', codec: 'aac' }), {
      sampleRateHz: 48_000,
      container: 'mp3',
    });
    expect(plan.conversions.join('\n')).toMatch(/aac[\s\S]*48000[\s\S]*mp3/);
    expect(plan.estimate.timeSec).toBeGreaterThan(0.3);
    expect(plan.estimate.diskBytes).toBeGreaterThan(441_000 * 8);
  });
});
