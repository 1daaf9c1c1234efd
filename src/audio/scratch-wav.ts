// Writes decoded audio of an unknown length into a WAV file of its own: frames are appended, the header comes last.
// Scratch files are private to a run, so nothing is renamed or made durable here.
import fs from 'node:fs';
import { outputError } from './atomic-file.js';
import type { AudioBlock, SampleFormat } from './audio-file.js';
import { encodingFor, layOut } from './wav-layout.js';
import { createFrameWriter, writeFully } from './wav-writer.js';

export interface ScratchWav {
  readonly frameCount: number;
  /** Appends all frames of a block; integer formats take the samples as they are, without dither. */
  append(block: AudioBlock): void;
  /** Writes the header and closes the file. */
  finish(): void;
  /** Closes and removes the file. */
  abort(): void;
}

/** @throws ForgeError output/unwritable, output/disk-full, output/unsupported */
export function createScratchWav(
  path: string,
  form: { readonly sampleRateHz: number; readonly channelCount: number; readonly sampleFormat: SampleFormat },
): ScratchWav {
  const encoding = encodingFor(form.sampleFormat);
  const dataOffset = layOut({ ...form, frameCount: 0 }, encoding, true).head.length;
  let fd: number;
  try {
    fd = fs.openSync(path, 'w+');
  } catch (thrown) {
    throw outputError(thrown, path);
  }
  const frames = createFrameWriter(
    fd,
    path,
    { ...form, frameCount: Number.MAX_SAFE_INTEGER },
    encoding,
    dataOffset,
    undefined,
  );
  let frameCount = 0;
  return {
    get frameCount() {
      return frameCount;
    },
    append(block) {
      frames.write(frameCount, block);
      frameCount += block[0]!.length;
    },
    finish() {
      const { head, tail, dataByteCount } = layOut({ ...form, frameCount }, encoding, true);
      writeFully(fd, head, 0, path);
      writeFully(fd, tail, dataOffset + dataByteCount, path);
      fs.closeSync(fd);
    },
    abort() {
      fs.closeSync(fd);
      fs.rmSync(path, { force: true });
    },
  };
}

/**
 * Cuts a WAV file of ffmpeg or of this module down to its first `frameCount` frames.
 * @param bytesPerFrame of the file
 */
export function cutScratchWav(
  path: string,
  dataOffset: number,
  bytesPerFrame: number,
  frameCount: number,
): void {
  const fd = fs.openSync(path, 'r+');
  try {
    const byteCount = dataOffset + frameCount * bytesPerFrame;
    fs.ftruncateSync(fd, byteCount);
    // A size of 0xFFFFFFFF, with the 64-bit sizes of RF64 left as they were, would be wrong: both are rewritten.
    const head = Buffer.alloc(Math.min(dataOffset, 64));
    fs.readSync(fd, head, 0, head.length, 0);
    if (head.toString('latin1', 0, 4) === 'RF64') {
      head.writeBigUInt64LE(BigInt(byteCount - 8), 20);
      head.writeBigUInt64LE(BigInt(frameCount * bytesPerFrame), 28);
      head.writeBigUInt64LE(BigInt(frameCount), 36);
      fs.writeSync(fd, head, 0, head.length, 0);
    } else {
      head.writeUInt32LE(byteCount - 8, 4);
      fs.writeSync(fd, head, 4, 4, 4);
      head.writeUInt32LE(frameCount * bytesPerFrame, 0);
      fs.writeSync(fd, head, 0, 4, dataOffset - 4);
    }
  } finally {
    fs.closeSync(fd);
  }
}
