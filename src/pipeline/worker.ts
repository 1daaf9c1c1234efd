// The code of a worker thread: does ranges and encodings, one after the other. Errors travel as records, because
// an error's class and code do not survive the way between threads.
import { type ErrorRecord, toForgeError } from '../errors.js';
import type { EncodeReply, EncodeRequest } from './executor.js';
import { type RangeReply, type RangeTask, type ResourceMap, runRange } from './range-task.js';
import { loadStage } from './registry.js';

export type WorkerMessage =
  | { readonly kind: 'range'; readonly task: RangeTask }
  | { readonly kind: 'encode'; readonly request: EncodeRequest };

export type WorkerReply = { readonly value: RangeReply | EncodeReply } | { readonly error: ErrorRecord };

/** Sessions and tables of this worker; they live as long as the thread. */
const resources: ResourceMap = new Map();

/** Piscina's entry. */
export async function work(message: WorkerMessage): Promise<WorkerReply> {
  try {
    if (message.kind === 'encode') {
      const { encodeDeliverable } = await import('./encode-task.js');
      return { value: await encodeDeliverable(message.request) };
    }
    const stage = await loadStage(message.task.stageId);
    return { value: await runRange(stage, message.task, resources) };
  } catch (error) {
    return { error: toForgeError(error).toJSON() };
  }
}
