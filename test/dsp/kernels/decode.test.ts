import { describe, expect, it } from 'vitest';
import { FrameWindow } from '../../../src/dsp/kernels/frame-window.js';
import { noise } from '../signals.js';

const SIZES = [0, 1, 3, 4, 5, 17, 64];
const CHANNELS = [1, 2, 3, 8];

/** A source of raw bytes whose own floats must not be asked for. */
function rawSource(bytes: Uint8Array, encoding: string, bytesPerSample: number, channelCount: number) {
  const bytesPerFrame = bytesPerSample * channelCount;
  return {
    channelCount,
    frameCount: bytes.length / bytesPerFrame,
    info: { encoding, bytesPerFrame },
    read(): void {
      throw new Error('read instead of decoded');
    },
    readBytes(start: number, frames: number, into?: Uint8Array): Uint8Array {
      into!.set(bytes.subarray(start * bytesPerFrame, (start + frames) * bytesPerFrame));
      return into!;
    },
  };
}

describe.each(CHANNELS)('decoding %i channels', (channelCount) => {
  it.each(SIZES)('is exact for %i frames of every form', (frames) => {
    const count = frames * channelCount;
    const values = noise(count, 9);
    const forms: [string, number, (view: DataView, i: number) => number][] = [
      ['s16', 2, (view, i) => view.getInt16(2 * i, true) / 32_768],
      ['s24', 3, (view, i) => ((view.getInt8(3 * i + 2) << 16) | view.getUint16(3 * i, true)) / 8_388_608],
      ['f32', 4, (view, i) => view.getFloat32(4 * i, true)],
    ];
    for (const [encoding, size, decode] of forms) {
      const bytes = new Uint8Array(count * size);
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < count; i++) {
        if (encoding === 'f32') view.setFloat32(4 * i, values[i]!, true);
        else for (let k = 0; k < size; k++) bytes[size * i + k] = Math.floor(values[i]! * 1e6 + 37 * k) & 255;
      }
      const window = new FrameWindow(channelCount, 64);
      window.load(rawSource(bytes, encoding, size, channelCount), 0, frames);
      for (let frame = 0; frame < frames; frame++) {
        for (let channel = 0; channel < channelCount; channel++) {
          expect(window.channels[channel]![frame]).toBe(decode(view, frame * channelCount + channel));
        }
      }
    }
  });
});

describe('floats that are not finite', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('are left to the reader: %f', (bad) => {
    const bytes = new Uint8Array(4 * 2 * 9);
    new DataView(bytes.buffer).setFloat32(4 * 11, bad, true);
    const window = new FrameWindow(2, 16);
    expect(() => window.load(rawSource(bytes, 'f32', 4, 2), 0, 9)).toThrow('read instead');
  });
});
