// The `rhythm` part of an analysis: fields, units and how each is computed.
import * as z from 'zod';

export const METERS = ['2/4', '3/4', '4/4', '5/4', '6/4', '6/8', '7/4', '7/8'] as const;

export const rhythmSchema = z.object({
  tempoBpm: z
    .number()
    .nullable()
    .describe('Beats a minute: 60 over the median interval of spans of eight beats; null without beats.'),
  tempoAlternativesBpm: z
    .array(z.number())
    .describe(
      'At most two other tempi that listeners might choose (half, double, triplet), the likeliest first.',
    ),
  tempoConfidence: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe('Share of the tempo’s probability among its metrical rivals, on four seconds of evidence.'),
  beatsSec: z.array(z.number()).describe('Times of the beats, ascending.'),
  downbeatsSec: z.array(z.number()).describe('Times of the first beats of bars, a subset of beatsSec.'),
  meter: z
    .enum(METERS)
    .nullable()
    .describe('Beats in a bar over the note value of a beat; null without beats.'),
  meterConfidence: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe('Share of the meter’s probability among 2 to 7 beats a bar.'),
  onsetsSec: z.array(z.number()).describe('Times at which a sound starts, at least 30 ms apart.'),
  tempoCurve: z
    .array(z.object({ timeSec: z.number(), tempoBpm: z.number() }))
    .describe('Tempo over eight beats around every fourth beat.'),
  tempoVariationPercent: z
    .number()
    .nullable()
    .describe('Standard deviation of the tempo curve over its mean; 0 for a machine, null without a curve.'),
  swingRatio: z
    .number()
    .nullable()
    .describe(
      'First over second of two off-beat eighths: 1 straight, 2 triplets; null where there is no pattern.',
    ),
});

export type RhythmAnalysis = z.output<typeof rhythmSchema>;

/** What a user knows already and the analysis obeys. */
export const rhythmOptionsSchema = z.strictObject({
  tempoBpm: z.number().min(30).max(300).optional().describe('Tempo to follow, within 8 %.'),
  meter: z.enum(METERS).optional().describe('Meter of the bars.'),
});

export type RhythmOptions = z.output<typeof rhythmOptionsSchema>;
