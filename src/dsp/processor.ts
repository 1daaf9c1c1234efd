// The contract of a block processor: one device of a chain (equaliser, compressor, limiter, ducker …).
// Contract tests in test/contract/ run over every registered processor.

/** Samples as [channels][frames], full scale ±1; processors work in place on float32 and keep recursive state in float64. */
export type ProcessorBlock = Float32Array[];

/** Anything that survives structuredClone and v8.serialize: numbers, strings, typed arrays, plain objects and arrays. */
export type ProcessorState = unknown;

/**
 * One device with its state.
 * - `process` works in place on a block of any length (0 included) and allocates nothing.
 * - The output is the device's output delayed by `latencyFrames`; `flush` gives the last `latencyFrames` frames.
 * - The bytes that come out do not depend on how the signal is cut into blocks.
 */
export interface Processor {
  readonly latencyFrames: number;
  /** Processes `block` in place. `sideChain`, where the device takes one, has the same number of frames. */
  process(block: ProcessorBlock, sideChain?: ProcessorBlock): void;
  /** Fills `into` (one array of `latencyFrames` frames per channel) with what is still inside. */
  flush(into: ProcessorBlock): void;
  /** The whole state, so that another instance with the same options goes on with the same bytes. */
  saveState(): ProcessorState;
  loadState(state: ProcessorState): void;
}

/** How a device is declared: options are a zod-inferred type, units in the names. */
export interface ProcessorDefinition<Options> {
  readonly id: string;
  readonly summary: string;
  /** Standard or paper that it follows, with clause. */
  readonly source: string;
  readonly options: import('zod').ZodType<Options>;
  create(options: Options, sampleRateHz: number, channelCount: number): Processor;
}

/** Identity; infers the type of the options. */
export function defineProcessor<Options>(
  definition: ProcessorDefinition<Options>,
): ProcessorDefinition<Options> {
  return definition;
}
