// The code of a worker thread: does ranges and encodings, one after the other. Errors travel as records, because
// an error's class and code do not survive the way between threads.
import { type ErrorRecord, toForgeError } from '../errors.js';
import type { EncodeRequest } from './executor.js';
import { type MergeTask, mergeRanges, type RangeTask, type ResourceMap, runRange } from './range-task.js';
import { loadPasses } from './registry.js';

export type WorkerMessage =
  | { readonly kind: 'range'; readonly task: RangeTask }
  | { readonly kind: 'merge'; readonly task: MergeTask }
  | { readonly kind: 'encode'; readonly request: EncodeRequest }
  /** Loads the passes of a stage, or the code of encoding, ahead of its work. */
  | { readonly kind: 'load'; readonly stageId: string | undefined };

/** The value is a RangeReply, a merged summary, an EncodeReply, or nothing, as the message asks. */
export type WorkerReply = { readonly value: unknown } | { readonly error: ErrorRecord };

/** Sessions and tables of this worker; they live as long as the thread. */
const resources: ResourceMap = new Map();

/** Piscina's entry. */
export async function work(message: WorkerMessage): Promise<WorkerReply> {
  try {
    return { value: await reply(message) };
  } catch (error) {
    return { error: toForgeError(error).toJSON() };
  }
}

async function reply(message: WorkerMessage): Promise<unknown> {
  switch (message.kind) {
    case 'range':
      return runRange(await loadPasses(message.task.stageId), message.task, resources);
    case 'merge':
      return mergeRanges(await loadPasses(message.task.stageId), message.task);
    case 'encode':
      return (await import('./encode-task.js')).encodeDeliverable(message.request);
    case 'load':
      await (message.stageId === undefined ? import('./encode-task.js') : loadPasses(message.stageId));
      return undefined;
  }
}
