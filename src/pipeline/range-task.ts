// The work on one range of one pass: opens what the pass reads and writes, and calls it. Runs in a worker thread
// (worker.ts), or in the caller's thread for tests and for the measure of the engine's own cost.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { AudioBlock, AudioReader, AudioShape } from '../audio/audio-file.js';
import { openWav } from '../audio/wav-reader.js';
import { openWavRegion } from '../audio/wav-writer.js';
import { ForgeError } from '../errors.js';
import { collectGarbage } from './collect-garbage.js';
import { isLong } from './long-recording.js';
import { partsOf, readRecord, writeRecord } from './range-records.js';
import type { AnyPass, AudioRef, FrameRange, ModelFiles, Passes, RangeContext } from './stage.js';

/** A range that needs this much leaves much behind: it is collected at each of so many parts of the range. */
const HEAVY_RANGE_MB = 100;
const HEAVY_RANGE_PARTS = 4;

/** A file that an apply pass writes: a preallocated float32 WAV, and the stem of its side files. */
export interface OutputTarget {
  readonly path: string;
  readonly channelCount: number;
}

/** Everything that a worker needs for one range; survives structuredClone. */
export interface RangeTask {
  readonly stageId: string;
  readonly passId: string;
  readonly options: unknown;
  readonly params: unknown;
  readonly seed: number;
  readonly range: FrameRange;
  /** Shape of the primary input. */
  readonly shape: AudioShape;
  readonly inputs: Readonly<Record<string, AudioRef>>;
  readonly tolerateDamage: boolean;
  readonly outputs: Readonly<Record<string, OutputTarget>>;
  readonly tailFrames: number;
  readonly models: Readonly<Record<string, ModelFiles>>;
  /** Where the worker records what the range gave, and finds the state of the one before. */
  readonly recordFolder: string;
  /** [0]: not 0 when cancelled; [slot]: thousandths of this range that are done. */
  readonly signals: Int32Array;
  readonly slot: number;
}

/** What a range tells the main thread: all else stands in its record. */
export interface RangeReply {
  /** Time that the pass itself took. */
  readonly busyMs: number;
}

/** The ranges of a pass whose records are to be joined; survives structuredClone. */
export interface MergeTask {
  readonly stageId: string;
  readonly passId: string;
  readonly params: unknown;
  /** Shape of the primary input. */
  readonly shape: AudioShape;
  readonly recordFolder: string;
  readonly rangeCount: number;
}

/** Things that live as long as a worker, by key: model sessions, compiled kernels, tables. */
export type ResourceMap = Map<string, Promise<unknown>>;

/** Frames at both sides of a border between ranges that an overlap-add pass leaves to `joinBorder`. */
function sidePath(target: OutputTarget, side: 'head' | 'tail', rangeIndex: number): string {
  return `${target.path}.${side}${rangeIndex}`;
}

/** Collects one side of a border in memory and writes it as planar float32. */
class BorderSide {
  readonly data: Float32Array;

  constructor(
    readonly startFrame: number,
    readonly frames: number,
    channelCount: number,
  ) {
    this.data = new Float32Array(frames * channelCount);
  }

  write(startFrame: number, block: AudioBlock): void {
    const offset = startFrame - this.startFrame;
    for (const [channel, samples] of block.entries()) this.data.set(samples, channel * this.frames + offset);
  }

  save(path: string): void {
    writeFileSync(`${path}.new`, this.data);
    renameSync(`${path}.new`, path);
  }
}

function sliceBlock(block: AudioBlock, from: number, to: number): AudioBlock {
  return block.map((samples) => samples.subarray(from, to)) as AudioBlock;
}

/** Writes the frames of one output in one range: the core in place, the overlapped sides into side files. */
class RangeOutput {
  readonly #region: ReturnType<typeof openWavRegion>;
  readonly #head: BorderSide | undefined;
  readonly #tail: BorderSide | undefined;

  constructor(
    readonly target: OutputTarget,
    readonly range: FrameRange,
    shape: AudioShape,
    tailFrames: number,
  ) {
    this.#region = openWavRegion(target.path);
    const headFrames = range.index === 0 ? 0 : Math.min(tailFrames, range.endFrame - range.startFrame);
    const tail = Math.min(tailFrames, shape.frameCount - range.endFrame);
    if (headFrames > 0) this.#head = new BorderSide(range.startFrame, headFrames, target.channelCount);
    if (tail > 0) this.#tail = new BorderSide(range.endFrame, tail, target.channelCount);
  }

  write(startFrame: number, block: AudioBlock): void {
    const frames = block[0]?.length ?? 0;
    const { startFrame: first, endFrame } = this.range;
    const coreStart = first + (this.#head?.frames ?? 0);
    const tailEnd = endFrame + (this.#tail?.frames ?? 0);
    if (block.length !== this.target.channelCount || startFrame < first || startFrame + frames > tailEnd) {
      throw new ForgeError(
        'internal/defect',
        `expected ${this.target.channelCount} channels inside of [${first}, ${tailEnd}), got ${block.length} channels at [${startFrame}, ${startFrame + frames})`,
      );
    }
    const cut = (frame: number) => Math.min(Math.max(frame - startFrame, 0), frames);
    const toCore = cut(coreStart);
    const toTail = cut(endFrame);
    if (toCore > 0) this.#head?.write(startFrame, sliceBlock(block, 0, toCore));
    if (toTail > toCore) this.#region.write(startFrame + toCore, sliceBlock(block, toCore, toTail));
    if (frames > toTail) this.#tail?.write(startFrame + toTail, sliceBlock(block, toTail, frames));
  }

  finish(): void {
    this.#head?.save(sidePath(this.target, 'head', this.range.index));
    this.#tail?.save(sidePath(this.target, 'tail', this.range.index));
  }

  close(): void {
    this.#region.close();
  }
}

/**
 * Joins all borders of an overlap-add output in range order: tail of range i plus head of range i + 1.
 * Reads side files and overwrites frames with their sum, so it can be repeated after a crash.
 */
export function joinBorders(
  target: OutputTarget,
  ranges: readonly FrameRange[],
  tailFrames: number,
): string[] {
  if (tailFrames === 0) return [];
  const region = openWavRegion(target.path);
  const sideFiles: string[] = [];
  try {
    for (const range of ranges.slice(1)) {
      const tailPath = sidePath(target, 'tail', range.index - 1);
      const headPath = sidePath(target, 'head', range.index);
      const tail = floatsOf(readFileSync(tailPath));
      const sum = floatsOf(readFileSync(headPath));
      for (let i = 0; i < sum.length; i++) sum[i]! += tail[i]!;
      const frames = sum.length / target.channelCount;
      const block = Array.from({ length: target.channelCount }, (_, channel) =>
        sum.subarray(channel * frames, (channel + 1) * frames),
      );
      region.write(range.startFrame, block);
      sideFiles.push(tailPath, headPath);
    }
  } finally {
    region.close();
  }
  return sideFiles;
}

function floatsOf(bytes: Buffer): Float32Array {
  const copy = new Uint8Array(bytes);
  return new Float32Array(copy.buffer);
}

function passOf(passes: Passes, { stageId, passId }: RangeTask | MergeTask): AnyPass {
  const pass = passes[passId];
  if (pass === undefined) throw new ForgeError('internal/defect', `stage ${stageId} has no pass ${passId}`);
  return pass;
}

/** What all ranges of a pass gave together. */
export function mergeRanges(passes: Passes, task: MergeTask): unknown {
  const parts = partsOf(task.recordFolder, task.rangeCount);
  return passOf(passes, task).merge(parts, task.params, task.shape);
}

/** Does one range and records what it gave. @throws ForgeError of the pass, or interrupted/by-user when `signals[0]` was set. */
export async function runRange(passes: Passes, task: RangeTask, resources: ResourceMap): Promise<RangeReply> {
  const startedMs = performance.now();
  const pass = passOf(passes, task);
  const readers = new Map<string, AudioReader>();
  const outputs = new Map<string, RangeOutput>();
  const rangeLength = task.range.endFrame - task.range.startFrame;
  const isFirst = task.range.index === 0;
  const isHeavy = (pass.memoryMb ?? 0) >= HEAVY_RANGE_MB;
  let partsDone = 0;
  const state =
    pass.order === 'parallel' || isFirst
      ? undefined
      : readRecord(task.recordFolder, task.range.index - 1).state;

  const context: RangeContext<unknown, unknown> = {
    sampleRateHz: task.shape.sampleRateHz,
    channelCount: task.shape.channelCount,
    frameCount: task.shape.frameCount,
    options: task.options,
    params: task.params,
    range: task.range,
    models: task.models,
    seed: task.seed,
    state,
    input(role) {
      const known = readers.get(role);
      if (known !== undefined) return known;
      const ref = task.inputs[role];
      if (ref === undefined)
        throw new ForgeError('internal/defect', `stage ${task.stageId} has no input ${role}`);
      const reader = openWav(ref.path, { tolerateDamage: task.tolerateDamage });
      readers.set(role, reader);
      return reader;
    },
    write(role, startFrame, block) {
      const output = outputs.get(role);
      if (output === undefined)
        throw new ForgeError('internal/defect', `pass ${task.passId} has no output ${role}`);
      output.write(startFrame, block);
    },
    resource<T>(key: string, create: () => T | Promise<T>): Promise<T> {
      const known = resources.get(key);
      if (known !== undefined) return known as Promise<T>;
      const made = Promise.resolve().then(create);
      resources.set(key, made);
      made.catch(() => resources.delete(key));
      return made;
    },
    progress(framesDone) {
      if (Atomics.load(task.signals, 0) !== 0) {
        throw new ForgeError('interrupted/by-user', 'the run was interrupted');
      }
      Atomics.store(task.signals, task.slot, Math.round((1000 * framesDone) / rangeLength));
      const part = Math.floor((HEAVY_RANGE_PARTS * framesDone) / rangeLength);
      if (isHeavy && part > partsDone) {
        partsDone = part;
        collectGarbage();
      }
    },
  };

  try {
    for (const [role, target] of Object.entries(task.outputs)) {
      outputs.set(role, new RangeOutput(target, task.range, task.shape, task.tailFrames));
    }
    context.progress(0);
    const result = await pass.run(context);
    for (const output of outputs.values()) output.finish();
    writeRecord(task.recordFolder, task.range.index, result);
    if (isLong(task.shape) || isHeavy) collectGarbage();
    return { busyMs: performance.now() - startedMs };
  } finally {
    for (const reader of readers.values()) reader.close();
    for (const output of outputs.values()) output.close();
  }
}
