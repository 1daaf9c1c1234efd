// Master targets: what a delivery must measure, one YAML file each under presets/masters/, with source and date.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { hintOf } from '../complaints.js';
import { ForgeError } from '../errors.js';
import { readYaml } from '../yaml-file.js';

const lufs = (description: string) => z.number().min(-70).max(0).describe(description);

const deliverySchema = z
  .strictObject({
    source: z.string().min(1).describe('Where the rules come from, and what of them is confirmed.'),
    containers: z
      .tuple([z.enum(['wav', 'flac', 'mp3', 'm4a', 'opus'])], z.enum(['wav', 'flac', 'mp3', 'm4a', 'opus']))
      .optional()
      .describe('Containers that are taken; the first is the one to advise.'),
    sampleRatesHz: z
      .tuple([z.number().int().positive()], z.number().int().positive())
      .optional()
      .describe('Sample rates that are taken.'),
    bitDepths: z
      .tuple([z.number().int().positive()], z.number().int().positive())
      .optional()
      .describe('Bits of a sample that are taken in lossless files.'),
    minBitrateKbps: z.number().positive().optional().describe('Lowest bit rate of lossy files.'),
    isConstantBitrate: z.boolean().default(false).describe('MP3 has to have one bit rate throughout.'),
    maxChannelCount: z.number().int().positive().optional().describe('Most channels that are taken.'),
  })
  .describe('Form of the file that is handed in. What fails here is told, and changes no exit code.');

export const masterTargetSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe('Name of the target; that of its file.'),
  summary: z.string().min(1).describe('One line for lists.'),
  source: z.string().min(1).describe('Document or practice that the figures come from.'),
  date: z
    .string()
    .regex(/^\d{4}(-\d{2})?(-\d{2})?$/)
    .describe('When the source was published or read.'),
  integratedLufs: lufs('Integrated loudness to reach, in LUFS.').nullable(),
  minIntegratedLufs: lufs('Lowest integrated loudness that still passes.').optional(),
  maxIntegratedLufs: lufs('Highest integrated loudness that still passes.').optional(),
  truePeakDbtp: z
    .number()
    .min(-20)
    .max(0)
    .nullable()
    .describe('Ceiling of the true peak in dBTP; null where only samples are held under the sample peak.'),
  samplePeakDbfs: z.number().min(-20).max(0).default(0).describe('Ceiling of the sample peak in dBFS.'),
  maxGainReductionDb: z
    .number()
    .min(0)
    .max(40)
    .describe(
      'Deepest gain reduction of the limiter; a target that needs more is missed. 0 allows linear gain alone.',
    ),
  shortTermMaxLufs: lufs('Highest short-term loudness.').optional(),
  momentaryMaxLufs: lufs('Highest momentary loudness.').optional(),
  loudnessRangeMaxLu: z.number().min(0).max(40).optional().describe('Highest loudness range.'),
  rmsTargetDbfs: z
    .number()
    .min(-60)
    .max(0)
    .optional()
    .describe('Level without weighting to reach, where a target asks for that instead of loudness.'),
  rmsMinDbfs: z.number().min(-60).max(0).optional().describe('Lowest level without weighting.'),
  rmsMaxDbfs: z.number().min(-60).max(0).optional().describe('Highest level without weighting.'),
  noiseFloorMaxDbfs: z.number().min(-120).max(0).optional().describe('Highest noise floor.'),
  dialogueLufs: lufs(
    'Loudness of the dialogue, where the rule is dialogue-gated. Integrated loudness stands in where no speech detector is installed.',
  ).optional(),
  dialogueToleranceLu: z.number().min(0).max(10).default(2).describe('How far the dialogue may be off.'),
  sparseDialogueLufs: lufs(
    'Integrated loudness where less than 15 % of the programme is dialogue.',
  ).optional(),
  monoBelowHz: z
    .number()
    .min(20)
    .max(500)
    .optional()
    .describe('Both channels are made one below this frequency.'),
  tamesSibilance: z
    .boolean()
    .default(false)
    .describe('Turns the top down where it is loud, as cutting heads need it.'),
  isMono: z.boolean().default(false).describe('Delivered as one channel.'),
  delivery: deliverySchema.optional(),
  usesProcessing: z
    .boolean()
    .default(true)
    .describe('False leaves the dynamics and the spectrum untouched: gain and, where allowed, the limiter.'),
});

export type DeliveryRules = z.output<typeof deliverySchema>;

export type MasterTarget = z.output<typeof masterTargetSchema>;

const FOLDER = fileURLToPath(new URL('../../presets/masters/', import.meta.url));

/** Ids of the targets that come with forge, sorted. */
export function masterTargetIds(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

/**
 * A target by its id, or by the path of a YAML file.
 * @throws ForgeError preset/not-found, preset/unreadable, preset/syntax, preset/invalid
 */
export function loadMasterTarget(name: string): MasterTarget {
  const isPath = /[\\/]|\.ya?ml$/.test(name);
  const known = masterTargetIds();
  if (!isPath && !known.includes(name)) {
    throw new ForgeError(
      'preset/not-found',
      `expected the name of a master target for preset, got "${name}"`,
      {
        hint: hintOf(name, known),
      },
    );
  }
  const path = isPath ? name : join(FOLDER, `${name}.yaml`);
  return readYaml(path).check(masterTargetSchema);
}
