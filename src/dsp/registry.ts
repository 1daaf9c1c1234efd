// Every processor of forge by its id, as chains in reports and YAML name them. Contract tests run over this list.

import { bleedGate } from './bands/bleed-gate.js';
import { deEsser } from './bands/de-esser.js';
import { multiband } from './bands/multiband.js';
import { firEqualiser } from './equaliser/fir-equaliser.js';
import { subsonic } from './equaliser/subsonic.js';
import { limiter } from './limiter/limiter.js';
import type { Processor, ProcessorDefinition } from './processor.js';
import { saturator } from './saturation/saturator.js';
import { stereoWidth } from './stereo/stereo-width.js';

/** A processor whose options are checked by its own schema; the types of options differ from device to device. */
export type AnyProcessor = ProcessorDefinition<unknown>;

function erased<Options>(definition: ProcessorDefinition<Options>): AnyProcessor {
  return {
    ...definition,
    options: definition.options,
    create: (options, sampleRateHz, channelCount) =>
      definition.create(definition.options.parse(options), sampleRateHz, channelCount),
  };
}

export const PROCESSORS: readonly AnyProcessor[] = [
  erased(subsonic),
  erased(firEqualiser),
  erased(bleedGate),
  erased(multiband),
  erased(deEsser),
  erased(saturator),
  erased(stereoWidth),
  erased(limiter),
];

/** A processor by id with raw options. @throws RangeError for an unknown id, ZodError for options out of range */
export function createProcessor(
  id: string,
  options: unknown,
  sampleRateHz: number,
  channelCount: number,
): Processor {
  const definition = PROCESSORS.find((processor) => processor.id === id);
  if (definition === undefined) {
    throw new RangeError(`expected one of ${PROCESSORS.map((one) => one.id).join(', ')}, got "${id}"`);
  }
  return definition.create(options, sampleRateHz, channelCount);
}
