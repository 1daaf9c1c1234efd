// A moving window on a signal in kernel memory, planar float32: the newest frames, and some before them for kernels
// that look around. Filled from a file's raw bytes by the decoding kernels where there is one for their form, through
// the reader's own floats otherwise, or from blocks of a chain.
import { createKernels, type Kernels } from './instance.js';

/** Frames before the newest ones that stay readable. */
export const HISTORY_FRAMES = 32;

/** What a window reads from: a reader of src/audio, seen from here. Frames outside of the file read as zeros. */
export interface FrameSource {
  readonly channelCount: number;
  readonly frameCount: number;
  read(startFrame: number, into: readonly Float32Array[]): void;
  readonly info?: { readonly encoding: string; readonly bytesPerFrame: number };
  readBytes?(startFrame: number, frameCount: number, into?: Uint8Array): Uint8Array;
}

const RAW_BYTES_PER_SAMPLE: Readonly<Record<string, number>> = { s16: 2, s24: 3, f32: 4 };

export class FrameWindow {
  readonly kernels: Kernels;
  /** Newest frames, from index 0 on, by channel. */
  readonly channels: readonly Float32Array[];
  /** Where the newest frames begin in kernel memory, by channel. */
  readonly pointers: readonly number[];
  readonly #whole: readonly Float32Array[];
  readonly #raw: Uint8Array;

  /** `extraBytes` is kernel memory for the caller's own arrays. */
  constructor(
    readonly channelCount: number,
    readonly capacityFrames: number,
    extraBytes = 0,
  ) {
    // One length for all channels, a multiple of 4, so that they lie at one distance from each other.
    const length = HISTORY_FRAMES + Math.ceil(capacityFrames / 4) * 4;
    const perChannel = (length + 16) * 4 + capacityFrames * 4;
    this.kernels = createKernels(channelCount * perChannel + extraBytes + 4096);
    this.#whole = Array.from({ length: channelCount }, () => this.kernels.f32(length));
    this.channels = this.#whole.map((whole) =>
      whole.subarray(HISTORY_FRAMES, HISTORY_FRAMES + capacityFrames),
    );
    this.pointers = this.channels.map((samples) => samples.byteOffset);
    this.#raw = this.kernels.u8(capacityFrames * channelCount * 4);
  }

  /** Reads `frames` frames of `source` from `startFrame` on, to index `at`. @throws what the reader throws */
  load(source: FrameSource, startFrame: number, frames: number, at = 0): void {
    const encoding = source.info?.encoding ?? '';
    const isInside = startFrame >= 0 && startFrame + frames <= source.frameCount;
    const isRaw = source.readBytes !== undefined && encoding in RAW_BYTES_PER_SAMPLE && isInside;
    if (!isRaw || !this.#decode(source, encoding, startFrame, frames, at)) {
      source.read(
        startFrame,
        this.channels.map((samples) => samples.subarray(at, at + frames)),
      );
    }
  }

  /** Copies frames [from, from + frames) of a block. */
  fill(block: readonly Float32Array[], from: number, frames: number): void {
    for (let channel = 0; channel < this.channelCount; channel++) {
      this.channels[channel]!.set(block[channel]!.subarray(from, from + frames));
    }
  }

  /** Makes the newest `frames` frames history. Kernels may read zeros for a few frames behind them until then. */
  shift(frames: number): void {
    for (const whole of this.#whole) whole.copyWithin(0, frames, frames + HISTORY_FRAMES);
  }

  /** Silences the frames behind the newest `frames` ones up to a multiple of 4, and the history where asked. */
  silence(frames: number): void {
    for (const samples of this.channels) samples.fill(0, frames, Math.ceil(frames / 4) * 4);
  }

  clear(): void {
    for (const whole of this.#whole) whole.fill(0);
  }

  /** False where a float is not finite: the reader's own way then says where, or replaces it. */
  #decode(source: FrameSource, encoding: string, startFrame: number, frames: number, at: number): boolean {
    const { functions } = this.kernels;
    source.readBytes!(startFrame, frames, this.#raw);
    const first = this.pointers[0]!;
    const target = first + 4 * at;
    const strideBytes = this.channelCount > 1 ? this.pointers[1]! - first : 0;
    const raw = this.#raw.byteOffset;
    if (encoding === 's16') functions.decode16(raw, target, strideBytes, frames, this.channelCount);
    else if (encoding === 's24') functions.decode24(raw, target, strideBytes, frames, this.channelCount);
    else return functions.decodeFloat(raw, target, strideBytes, frames, this.channelCount) === 0;
    return true;
  }
}
