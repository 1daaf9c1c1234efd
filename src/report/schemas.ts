// Schemas of what every command prints with --json; docs/reference/schemas is generated from them. The parts that a
// stage fills (analysis, masters, stems) have the stage's own schema.
import * as z from 'zod';
import { ERROR_CODES, type ErrorCode } from '../errors.js';
import { analysisSchema } from '../pipeline/stages/analyze-schema.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const error = z.strictObject({
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  hint: z.string().optional(),
});
const input = z.strictObject({
  path: z.string().describe('As given on the command line.'),
  sha256: sha256.nullable().describe('Of the file; null where it was not read.'),
  durationSec: z.number().nullable().optional(),
  sampleRateHz: z.number().optional(),
  channelCount: z.number().optional(),
});
const output = z.strictObject({
  kind: z.string().describe('stem, denoised, restored, bed, mix, master, midi, keyframes or report.'),
  path: z.string().describe('Relative to the working folder.'),
  sha256,
});
const note = z.strictObject({ severity: z.enum(['info', 'warning']), message: z.string() });

/** One entry of `results` of the audio commands; `measures` are the fields of the command's own. */
const audioResult = (measures: Record<string, z.ZodType>) =>
  z.looseObject({
    input,
    status: z.enum(['ok', 'missed', 'failed', 'skipped']),
    folder: z.string().optional().describe("The track's folder, relative to the working folder."),
    notes: z.array(note).optional(),
    outputs: z.array(output),
    error: error.optional(),
    ...measures,
  });

const envelope = (name: string, fields: Record<string, z.ZodType>) =>
  z.strictObject({
    schema: z.literal(`forge.${name}/1`),
    version: z.string(),
    ...fields,
    error: error.optional(),
  });

const any = z.unknown().optional();
const results = (measures: Record<string, z.ZodType>) => ({ results: z.array(audioResult(measures)) });

const albumFigures = z.strictObject({
  integratedLufs: z.number().nullable(),
  loudnessRangeLu: z.number().nullable(),
  momentaryMaxLufs: z.number().nullable(),
  shortTermMaxLufs: z.number().nullable(),
  truePeakDbtp: z.number().nullable(),
  samplePeakDbfs: z.number().nullable(),
});
const beforeAndAfter = {
  before: albumFigures.describe('Of the mixes, played as one programme.'),
  after: albumFigures.describe('Measured on the written files.'),
};
const albumReport = z.strictObject({
  preset: z.string(),
  gainDb: z.number().describe('The one gain, before the limiter.'),
  choice: z
    .strictObject({ character: z.string(), curve: z.string(), reason: z.string() })
    .nullable()
    .describe('null where the gain is all that is done.'),
  ...beforeAndAfter,
  tracks: z.array(z.strictObject({ path: z.string(), ...beforeAndAfter })),
});

const duckMeasures = {
  voice: any,
  wantedLu: z.number().optional(),
  phrases: any,
  difference: any,
  gain: any,
  worstErrorLu: z.number().nullable().optional(),
  masters: z.array(z.unknown()).optional(),
};

const ofAlbum = albumFigures.extend({
  trackOffsetLu: z
    .number()
    .nullable()
    .describe("LU. The track's integrated loudness less the album's; null for silence."),
});
const trackAlbum = z.strictObject({
  preset: z.string(),
  trackNumber: z.number().describe('Counted from 1.'),
  trackCount: z.number(),
  gainDb: z.number().describe('The one gain of all tracks, before the limiter.'),
  before: ofAlbum.describe('Of the mixes of the whole album, played as one programme.'),
  after: ofAlbum.describe('Measured on the written files of the whole album.'),
});

/** What report.json holds, of any command. `data` is as the schema of the stage says, without its picture. */
const report = z.strictObject({
  schema: z.literal('forge.report/1'),
  command: z.string(),
  forgeVersion: z.string(),
  input: z.strictObject({
    name: z.string().describe('Of the file, without its folder.'),
    sha256,
    durationSec: z.number(),
    sampleRateHz: z.number(),
    channelCount: z.number(),
  }),
  status: z.enum(['ok', 'missed']),
  stages: z.array(
    z.strictObject({
      id: z.string(),
      stage: z.string(),
      on: z.string().describe('The audio that it worked on.'),
      options: z.record(z.string(), z.unknown()),
      models: z.array(
        z.strictObject({ id: z.string(), licence: z.string(), sha256: z.record(z.string(), sha256) }),
      ),
      bypassed: z.record(z.string(), z.string()).describe('By output: why it is the input, untouched.'),
      data: z.unknown(),
    }),
  ),
  album: z.array(trackAlbum).optional().describe('With --album: the figures of the whole, per preset.'),
  notes: z.array(note),
  outputs: z.array(output.extend({ path: z.string().describe('Relative to the folder of the track.') })),
});

/** By command; `report` is that of the file report.json. */
export const COMMAND_SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  report,
  split: envelope('split', results({ model: any, stems: any, nullDb: z.number().nullable().optional() })),
  denoise: envelope('denoise', results({ model: any })),
  restore: envelope(
    'restore',
    results({
      changed: any,
      clippedPeakCount: any,
      clipCeilingDbfs: any,
      clickCount: any,
      dcOffset: any,
      rumbleDbfs: any,
      hum: any,
      plosiveCount: any,
      breathCount: any,
      sibilantCount: any,
      shimmerShare: any,
      combLinesHz: any,
      bandLimitHz: any,
      bandwidthAddedPercent: any,
      voice: any,
      mendedSec: any,
      peakAfterDbfs: any,
      regions: any,
    }),
  ),
  analyze: envelope('analyze', results(analysisSchema.omit({ picture: true }).shape)),
  master: envelope('master', {
    ...results({ masters: z.array(z.unknown()).optional() }),
    album: z
      .array(albumReport)
      .optional()
      .describe('With --album: what the tracks share, per preset, and the figures of the whole.'),
  }),
  duck: envelope('duck', results(duckMeasures)),
  automate: envelope('automate', results(duckMeasures)),
  run: envelope(
    'run',
    results({
      stages: z.array(z.unknown()).optional(),
      analysis: any,
      masters: z.array(z.unknown()).optional(),
    }),
  ),
  compare: envelope('compare', {
    results: z.array(z.looseObject({ status: z.enum(['ok', 'missed']), nullDb: z.number().nullable() })),
  }),
  replay: envelope('replay', {
    results: z.array(z.looseObject({ input, status: z.enum(['ok', 'missed']) })),
  }),
  presets: envelope('presets', {
    presets: z.array(
      z.strictObject({ id: z.string(), kind: z.string(), summary: z.string(), source: z.string() }),
    ),
  }),
  models: envelope('models', {
    models: z
      .array(
        z.looseObject({
          id: z.string(),
          task: z.string(),
          licence: z.string(),
          commercialUse: z.boolean(),
          installed: z.boolean(),
        }),
      )
      .optional(),
    results: z.array(z.looseObject({ id: z.string() })).optional(),
  }),
  doctor: z.looseObject({
    schema: z.literal('forge.doctor/1'),
    version: z.string(),
    versions: z.record(z.string(), z.string()),
  }),
  clean: envelope('clean', { entryCount: z.number(), freedBytes: z.number() }),
};
