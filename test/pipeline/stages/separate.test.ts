// The separate stage: the report, two stems, silence; and how much better than the mix the stems of real songs are.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderSong, STEM_NAMES } from '../../../fixtures/demo-song/render-song.js';
import { ditherKey, tpdfAt } from '../../../src/audio/dither.js';
import { resolveModels } from '../../../src/models/store.js';
import { separateStage } from '../../../src/pipeline/stages/separate.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';
import { siSdrDb, sumOf } from '../../helpers/si-sdr.js';

/** What comes with the package. */
const PACKAGED = resolveModels([{ id: 'forge-lite', required: true }]);

interface Report {
  nullDb: number | null;
  nullOfFilesDb: { bits16: number; bits24: number } | null;
  model: { id: string };
  stems: {
    name: string;
    path: string;
    integratedLufs: number | null;
    levelDb: number | null;
    bleedDb: number;
  }[];
}

function noise(frames: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: frames }, () => {
    state = (state * 48271) % 2147483647;
    return (0.2 * state) / 2147483647 - 0.1;
  });
}

describe('separate', () => {
  it('gives four stems that null with the mix, at its rate and channels', async () => {
    const mix = [noise(40000, 1), noise(40000, 2)];
    const result = await runStage(separateStage, { audio: audioRefOf(mix, 32000) }, {});
    expect(Object.keys(result.outputs).sort()).toEqual(['bass', 'drums', 'other', 'vocals']);
    for (const output of Object.values(result.outputs))
      expect(output).toMatchObject({ sampleRateHz: 32000, channelCount: 2, frameCount: 40000 });
    const report = separateStage.result.parse(result.outcome.data) as Report;
    expect(report.nullDb).toBeLessThan(-90);
    expect(report.model.id).toBe('forge-classic');
    expect(report.stems.map((stem) => stem.path)).toContain('stems/vocals.wav');
  });

  it('writes a stem and its rest with twoStems; they null as well', async () => {
    const mix = [noise(20000, 1), noise(20000, 2)];
    const result = await runStage(separateStage, { audio: audioRefOf(mix, 22050) }, { twoStems: 'vocals' });
    expect(Object.keys(result.outputs).sort()).toEqual(['instrumental', 'vocals']);
    expect((result.outcome.data as unknown as Report).nullDb).toBeLessThan(-90);
  });

  it('writes only the stems asked for, and claims no null then', async () => {
    const mix = [noise(20000, 1), noise(20000, 2)];
    const result = await runStage(separateStage, { audio: audioRefOf(mix, 22050) }, { stems: ['drums'] });
    expect(Object.keys(result.outputs)).toEqual(['drums']);
    const report = result.outcome.data as unknown as Report;
    expect(report.nullDb).toBeNull();
    expect(report.nullOfFilesDb).toBeNull();
    // What it shares with the rest of the mix is told for a single stem too.
    expect(report.stems[0]!.bleedDb).toBeLessThan(0);
  });

  it('foretells how deep files of 16 and 24 bits null', async () => {
    const mix = [noise(60000, 1), noise(60000, 2)];
    const result = await runStage(separateStage, { audio: audioRefOf(mix, 44100) }, {});
    const report = result.outcome.data as unknown as Report;
    const stems = STEM_NAMES.map((name) => readAll(result.outputs[name]!)[0]!);
    for (const bits of [16, 24] as const) {
      const step = 2 ** (1 - bits);
      const error = mix[0]!.map((sample, i) => {
        const rounded = stems.map(
          (stem, seed) => step * Math.round(stem[i]! / step + tpdfAt(ditherKey(seed, 0), i)),
        );
        return sample - rounded.reduce((sum, x) => sum + x, 0);
      });
      const energy = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0);
      const heardDb = 10 * Math.log10(energy(error) / energy(mix[0]!));
      expect(Math.abs(report.nullOfFilesDb![`bits${bits}`] - heardDb)).toBeLessThan(1);
    }
  });

  it('gives nulls for silence and says that nothing was found', async () => {
    const silence = [new Float32Array(9000), new Float32Array(9000)];
    const result = await runStage(separateStage, { audio: audioRefOf(silence, 44100) }, {});
    const report = result.outcome.data as unknown as Report;
    expect(report.nullDb).toBeNull();
    expect(report.stems.every((stem) => stem.levelDb === null && stem.integratedLufs === null)).toBe(true);
    expect(result.notes.map((note) => note.message)).toContain('no vocals found: the stem is near silent');
  });
});

/** Least improvements in dB over the mix, by separator. */
const DEMO_LEAST_DB = {
  'forge-classic': { drums: 8, bass: 6.5, other: 7, vocals: 9 },
  'forge-lite': { drums: 9.5, bass: 7.5, other: 6, vocals: 8 },
};
const BAND_LEAST_DB = { vocals: 7.5, rhythm: 9.2, other: 9 };

describe.each(['forge-classic', 'forge-lite'] as const)('separation of the demo song by %s', (model) => {
  it('improves the SI-SDR of every stem over the mix', async () => {
    const song = renderSong();
    const floats = (track: { left: Int16Array; right: Int16Array }) =>
      [track.left, track.right].map((samples) => Float32Array.from(samples, (sample) => sample / 32768));
    const mix = floats(song.mix);
    const audio = audioRefOf(mix, song.sampleRateHz);
    const result = await runStage(separateStage, { audio }, { model }, { models: PACKAGED });
    expect((result.outcome.data as unknown as Report).model.id).toBe(model);
    expect((result.outcome.data as unknown as Report).nullDb).toBeLessThan(-90);
    const gains = Object.fromEntries(
      STEM_NAMES.map((name) => {
        const reference = floats(song.stems[name]);
        return [name, siSdrDb(reference, readAll(result.outputs[name]!)) - siSdrDb(reference, mix)];
      }),
    );
    for (const name of STEM_NAMES) expect(gains[name], name).toBeGreaterThan(DEMO_LEAST_DB[model][name]);
  }, 240_000);
});

const bandFolder = join(process.env.FORGE_SHARED_DIR ?? '../shared', 'audio/stems-band30');
const isBandThere = existsSync(bandFolder) && spawnSync('ffmpeg', ['-version']).status === 0;
if (!isBandThere) console.log('skipped: the stems of a real band (needs FORGE_SHARED_DIR and ffmpeg)');

describe.skipIf(!isBandThere).each(['forge-classic', 'forge-lite'])(
  'separation of a real band by %s',
  (model) => {
    it('improves the SI-SDR of vocals, drums with bass, and the rest', async () => {
      const read = (name: string) => {
        const args = ['-v', 'error', '-i', join(bandFolder, `${name}30.mp3`), '-f', 'f32le', '-ac', '2', '-'];
        const bytes = execFileSync('ffmpeg', args, { maxBuffer: 1e9 });
        const all = new Float32Array(new Uint8Array(bytes).buffer);
        return [0, 1].map((channel) => all.filter((_, i) => i % 2 === channel));
      };
      const rhythm = read('BassDrums');
      const vocals = read('Vocals');
      const other = sumOf(read('Guitar'), read('PianoSynth'));
      const mix = sumOf(rhythm, vocals, other);
      const audio = audioRefOf(mix, 48_000);
      const { outputs } = await runStage(separateStage, { audio }, { model }, { models: PACKAGED });
      const gain = (reference: readonly Float32Array[], ...names: string[]) =>
        siSdrDb(reference, sumOf(...names.map((name) => readAll(outputs[name]!)))) - siSdrDb(reference, mix);
      expect(gain(vocals, 'vocals')).toBeGreaterThan(BAND_LEAST_DB.vocals);
      expect(gain(rhythm, 'drums', 'bass')).toBeGreaterThan(BAND_LEAST_DB.rhythm);
      expect(gain(other, 'other')).toBeGreaterThan(BAND_LEAST_DB.other);
    }, 240_000);
  },
);
