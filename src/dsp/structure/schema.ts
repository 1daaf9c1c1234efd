// The `structure` part of an analysis: fields, units and how each is computed.
import * as z from 'zod';

export const SECTION_HINTS = ['intro', 'build', 'drop', 'break', 'outro'] as const;

export const structureSchema = z.object({
  sections: z
    .array(
      z.object({
        startSec: z.number(),
        endSec: z.number(),
        label: z.string().describe('A letter; sections that sound alike share it.'),
        energyDb: z.number().describe('Mean level of the section over that of the piece, in dB.'),
        hint: z
          .enum(SECTION_HINTS)
          .nullable()
          .describe(
            'What the energy suggests: intro, build (rises into a louder section), drop, break, outro.',
          ),
      }),
    )
    .describe('Sections that cover the piece; boundaries lie on downbeats.'),
  energyCurve: z
    .array(z.object({ timeSec: z.number(), energyDb: z.number() }))
    .describe('Level of each bar over the mean of the piece, in dB.'),
});

export type StructureAnalysis = z.output<typeof structureSchema>;
export type SectionHint = (typeof SECTION_HINTS)[number];
