// The code of a worker thread: does ranges and encodings, one after the other. Errors travel as records, because
// an error's class and code do not survive the way between threads.
import { type ErrorRecord, toForgeError } from '../errors.js';
import type { EncodePart, EncodeRequest } from './executor.js';
import { isLong } from './long-recording.js';
import { type MergeTask, mergeRanges, type RangeTask, type ResourceMap, runRange } from './range-task.js';
import { loadPasses } from './registry.js';

export type WorkerMessage =
  | { readonly kind: 'range'; readonly task: RangeTask }
  | { readonly kind: 'merge'; readonly task: MergeTask }
  | { readonly kind: 'encode'; readonly request: EncodeRequest }
  | { readonly kind: 'encode-part'; readonly part: EncodePart }
  /** Loads the passes of a stage ahead of its work. */
  | { readonly kind: 'load'; readonly stageId: string };

/** The value is a RangeReply, a merged summary, an EncodeReply, a count of clipped samples, or nothing, as the message asks. */
export type WorkerReply = { readonly value: unknown } | { readonly error: ErrorRecord };

/** Sessions and tables of this worker; they live as long as the thread. */
const resources: ResourceMap = new Map();

/** Piscina's entry. */
export async function work(message: WorkerMessage): Promise<WorkerReply> {
  try {
    const made = { value: await reply(message) };
    if (message.kind !== 'merge' || !isLong(message.task.shape)) return made;
    return (await import('./moved.js')).moved(made) as WorkerReply;
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
    case 'encode-part':
      return (await import('./encode-task.js')).encodeDeliverablePart(message.part);
    case 'load':
      await loadPasses(message.stageId);
      return undefined;
  }
}
