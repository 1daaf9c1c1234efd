// What `forge analyze` reports: every figure with its formula, unit and sign. The JSON schema of the command is made
// from this, and a test holds the stage to it. Fields may be added, never changed.
import * as z from 'zod';
import { adviceSchema } from '../../dsp/advice/schema.js';
import { genreSchema } from '../../dsp/genre/schema.js';
import { rhythmSchema } from '../../dsp/rhythm/schema.js';
import { BAND_EDGES_HZ, BAND_NAMES, type BandName } from '../../dsp/spectrum/figures.js';
import { structureSchema } from '../../dsp/structure/schema.js';
import { tonalSchema } from '../../dsp/tonal/schema.js';

export const checkSchema = z.strictObject({
  rule: z.string().describe('The figure that the rule is about, as in `loudness` and `dynamics`.'),
  limit: z
    .strictObject({
      min: z.number().optional(),
      max: z.number().optional(),
      oneOf: z.array(z.union([z.string(), z.number()])).optional(),
    })
    .describe('Bounds, themselves allowed; or all that is allowed.'),
  measured: z
    .union([z.number(), z.string()])
    .nullable()
    .describe('Measured on the written file; null where there is no figure.'),
  pass: z.boolean().nullable().describe('null: not checked.'),
});

const figure = (description: string) => z.number().nullable().describe(description);

export const loudnessSchema = z
  .strictObject({
    integratedLufs: figure(
      'LUFS. Mean K-weighted loudness of the 400 ms blocks (every 100 ms) above −70 LUFS and above 10 LU below their mean (BS.1770-5). null: no block is above −70 LUFS.',
    ),
    loudnessRangeLu: figure(
      'LU, ≥ 0. 95th minus 10th percentile of the short-term loudness (every 100 ms) above −70 LUFS and above 20 LU below its mean (EBU Tech 3342). null: less than 3 s of sound.',
    ),
    momentaryMaxLufs: figure(
      'LUFS. Loudest 400 ms, sought every 10 ms, not gated. null: silence, or under 400 ms.',
    ),
    shortTermMaxLufs: figure(
      'LUFS. Loudest 3 s, sought every 10 ms, not gated. null: silence, or under 3 s.',
    ),
    truePeakDbtp: figure(
      'dB above full scale. Largest magnitude of any channel after fourfold interpolation (twofold from 96 kHz; BS.1770-5, Annex 2). null: silence.',
    ),
    samplePeakDbfs: figure('dB above full scale. Largest magnitude of any sample. null: silence.'),
    plrLu: figure('LU. truePeakDbtp − integratedLufs.'),
    truePeaksDbtp: z.array(z.number().nullable()).describe('True peak of every channel, in channel order.'),
    samplePeaksDbfs: z
      .array(z.number().nullable())
      .describe('Sample peak of every channel, in channel order.'),
    history: z
      .strictObject({
        hopSec: z
          .number()
          .describe('Seconds between values; value i belongs to the window that ends at (i + 1) × hopSec.'),
        momentaryLufs: z.array(z.number().nullable()).describe('Loudness of 400 ms windows.'),
        shortTermLufs: z.array(z.number().nullable()).describe('Loudness of 3 s windows.'),
      })
      .optional()
      .describe('Loudness over time.'),
  })
  .describe(
    'Loudness by ITU-R BS.1770-5 and EBU R 128. One mono channel reads 3.01 LU below the same signal in two.',
  );

export const dialogueSchema = z
  .strictObject({
    isChecked: z
      .boolean()
      .describe(
        'False where the speech detector (the model silero-vad) is not installed: nothing is guessed.',
      ),
    dialogueLufs: figure(
      'LUFS. K-weighted loudness of the 400 ms blocks that are speech for three quarters, not gated otherwise. null: no speech, or not checked.',
    ),
    dialoguePercent: figure('Share of the programme that is speech, in percent. null: not checked.'),
  })
  .describe('Loudness of the dialogue, as dialogue-gated rules ask.');

const spot = { startSec: z.number(), endSec: z.number() };

export const dynamicsSchema = z
  .strictObject({
    rmsDbfs: figure(
      'dB. 10·lg of the mean square over all samples of all channels; a full-scale sine is −3.01. null: silence.',
    ),
    crestFactorDb: figure('dB, ≥ 0. samplePeakDbfs − rmsDbfs.'),
    dcOffset: figure('Full scale = 1. Mean of the samples of the channel in which it is farthest from 0.'),
    clippedSampleCount: z
      .number()
      .describe(
        'Samples in runs of three or more at full scale (magnitude 32767/32768 and above), all channels together.',
      ),
    clippedRunCount: z.number().describe('Such runs, all channels together.'),
    clippedSpots: z
      .array(z.strictObject({ ...spot, sampleCount: z.number() }))
      .describe(
        'Where they lie, to a tenth of a second; the hundred spots with most samples, in order of time.',
      ),
    overCount: z
      .number()
      .describe('Tenths of a second in which the true peak (BS.1770-5, Annex 2) of a channel passes 0 dBTP.'),
    overSpots: z
      .array(z.strictObject({ ...spot, truePeakDbtp: z.number() }))
      .describe('Where they lie, with their highest peak; the hundred highest, in order of time.'),
    headSilenceSec: figure('s. Time before the first sample above −60 dBFS in any channel. null: silence.'),
    tailSilenceSec: figure('s. Time after the last sample above −60 dBFS in any channel. null: silence.'),
    noiseFloorDbfs: figure(
      'dB. Level of the quietest 0.5 s (every 100 ms) all of whose 100 ms hold sound: digital silence does not count. null: none.',
    ),
    dynamicRangeDb: figure(
      'dB. Second-highest peak of the 3 s blocks minus the level (sine = 0 dB) of their loudest fifth, mean of the channels. null: under 6 s.',
    ),
  })
  .describe('Levels without weighting.');

const byBand = <Schema extends z.ZodType>(schemaOf: (name: BandName) => Schema): Record<BandName, Schema> =>
  Object.fromEntries(BAND_NAMES.map((name) => [name, schemaOf(name)])) as Record<BandName, Schema>;

const bandText = (name: BandName): string => `[${BAND_EDGES_HZ[name].join(', ')}) Hz`;

const bandImageSchema = z.strictObject({
  correlation: z.number().nullable(),
  sideToMidDb: z.number().nullable(),
  monoLossDb: z.number().nullable(),
  balanceDb: z.number().nullable(),
});

export const stereoSchema = z
  .strictObject({
    correlation: figure('−1 to 1. Σlr / √(Σl²·Σr²). null: a silent channel.'),
    sideToMidDb: figure(
      'dB, within ±120. 10·lg(Σ(l−r)² / Σ(l+r)²): −120 for mono, 0 for unrelated channels.',
    ),
    monoLossDb: figure(
      'dB, −120 to 120. Level of the channels against that of (l+r)/2: 0 for mono, 3.01 for unrelated channels, 120 where nothing is left.',
    ),
    balanceDb: figure('dB, within ±120. 10·lg(Σr² / Σl²): above 0 where the right is louder.'),
    bands: z
      .strictObject(byBand((name) => bandImageSchema.describe(`In ${bandText(name)}.`)))
      .describe('The same four figures of each band, by products of the spectra of the channels.'),
    history: z
      .strictObject({
        hopSec: z.number().describe('Length of the stretches, which follow each other without overlap.'),
        correlation: z.array(z.number().nullable()),
        sideToMidDb: z.array(z.number().nullable()),
        balanceDb: z.array(z.number().nullable()),
      })
      .optional()
      .describe('The image over time; null where a stretch, or one of its channels, is silent.'),
  })
  .describe('Image of the first two channels; all null for one channel and for silence.');

const bandSchema = (name: BandName) =>
  figure(`dB of the total power in ${bandText(name)}, ≤ 0. null: no power.`);

export const spectrumSchema = z
  .strictObject({
    bands: z
      .strictObject(byBand(bandSchema))
      .describe('Power of seven bands against the power of all frequencies above 0.'),
    crestFactorsDb: z
      .strictObject(byBand((name) => figure(`dB. Crest factor of ${bandText(name)}.`)))
      .optional()
      .describe(
        'Peak of the waveform of each band (first two channels, edges fading over a sixth of an octave) minus its level. Not told of masters.',
      ),
    centroidHz: figure('Hz. Mean frequency, weighted by power.'),
    flatness: figure('0 to 1. Geometric over arithmetic mean of the power of the bins from 20 Hz to 20 kHz.'),
    rolloffHz: figure('Hz. 85 % of the power lie at or below it.'),
    tiltDbPerOctave: figure(
      'dB per octave. Slope of the power per Hz of the third octaves from 100 Hz to 10 kHz, by least squares: 0 for white noise, −3.01 for pink.',
    ),
    thirdOctavesDb: z
      .array(z.number().nullable())
      .describe(
        'dB of the total power in the 31 third-octave bands from 20 Hz to 20 kHz (IEC 61260-1). null: no power, or beyond half the rate.',
      ),
  })
  .describe('Mean power spectrum over all channels (Welch, windows of a third of a second).');

export const platformsSchema = z
  .array(
    z.strictObject({
      preset: z.string().describe('Name of the master target that holds its figures and their source.'),
      summary: z.string(),
      targetLufs: figure('LUFS. The loudness that the platform plays or asks for.'),
      gainDb: figure('dB. Target minus integrated loudness: below 0 the file is turned down by that much.'),
      limitingDb: figure('dB, ≥ 0. What the peaks would stand over its ceiling after that gain.'),
      checks: z.array(checkSchema).describe('Its rules, held against the file as it is.'),
      pass: z
        .boolean()
        .nullable()
        .describe('True where the file could be delivered as it is. null: silence.'),
    }),
  )
  .describe('The file against the targets of the common platforms.');

export const stemsSchema = z
  .array(
    z.strictObject({
      name: z.string(),
      integratedLufs: figure('LUFS. null: silence.'),
      sharePercent: figure('Share of the power of all stems, 20 Hz to 20 kHz. null: silence.'),
      bandsPercent: z
        .strictObject(byBand((name) => figure(`Share in ${bandText(name)}.`)))
        .describe('Share of the power of all stems in each band.'),
    }),
  )
  .describe('The stems of the mix that were given with it.');

export type StemsReport = z.output<typeof stemsSchema>;

/** What report.html draws and no other report holds: bytes in base64. */
export const pictureSchema = z.strictObject({
  shortTermLufs: z
    .strictObject({ hopSec: z.number(), values: z.array(z.number().nullable()) })
    .optional()
    .describe('Where the loudness over time is told nowhere else.'),
  columnSec: z.number().describe('Seconds of a column of the waveform.'),
  lows: z.string().describe('Lowest sample of each column, signed bytes, 127 for full scale.'),
  highs: z.string().describe('Highest sample.'),
  levels: z.string().describe('Root mean square, bytes, 255 for full scale.'),
  spectrogram: z
    .strictObject({
      columnSec: z.number(),
      rowCount: z.number().describe('Rows from 20 Hz to 20 kHz by equal ratios.'),
      bytes: z.string().describe('Column by column from the lowest row up; half decibels above −100 dB.'),
    })
    .optional(),
});

export type Picture = z.output<typeof pictureSchema>;

/** The stage's part of report.json. A section that `only` leaves out is not there. */
export const analysisSchema = z.object({
  loudness: loudnessSchema.optional(),
  dialogue: dialogueSchema.optional(),
  dynamics: dynamicsSchema.optional(),
  stereo: stereoSchema.optional(),
  spectrum: spectrumSchema.optional(),
  rhythm: rhythmSchema.optional(),
  tonal: tonalSchema.optional(),
  structure: structureSchema.optional(),
  genre: genreSchema.optional(),
  advice: adviceSchema.optional(),
  suggestions: adviceSchema.shape.suggestions.optional(),
  platforms: platformsSchema.optional(),
  stems: stemsSchema.optional(),
  picture: pictureSchema.optional(),
});

export type Analysis = z.output<typeof analysisSchema>;
export type Platforms = z.output<typeof platformsSchema>;
export type LoudnessReport = z.output<typeof loudnessSchema>;
export type SpectrumReport = z.output<typeof spectrumSchema>;
