// Checks on this machine that what forge writes is what others read, and the other way round: forge's WAV reader and
// writer against wav-decoder and wav-encoder, two implementations that share no code with them.
// Only forms that those packages handle exactly are used; the ADR audio-wav-packages tells which they do not.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWav } from './wav-reader.js';
import { createWavWriter } from './wav-writer.js';

export interface CrossCheck {
  readonly name: string;
  readonly isPassed: boolean;
}

const SAMPLE_RATE_HZ = 48_000;
const FRAME_COUNT = 65_536;

/** Writes and reads a few small files in the system's temporary folder, and removes them. */
export async function crossCheckWav(): Promise<CrossCheck[]> {
  const [{ decode }, { encode }] = await Promise.all([import('wav-decoder'), import('wav-encoder')]);
  const folder = fs.mkdtempSync(join(tmpdir(), 'forge-check-'));
  const path = join(folder, 'check.wav');
  // Every value of 16 bits, up and down.
  const channelData = [0, 1].map((channel) =>
    Float32Array.from(
      { length: FRAME_COUNT },
      (_, i) => ((channel === 0 ? i : FRAME_COUNT - 1 - i) - 32_768) / 32_768,
    ),
  );
  const form = { sampleRateHz: SAMPLE_RATE_HZ, channelCount: 2, frameCount: FRAME_COUNT };
  try {
    const writer = createWavWriter(path, { ...form, sampleFormat: { kind: 'int', bits: 16 } });
    writer.write(0, channelData);
    writer.commit();
    const bytes = fs.readFileSync(path);
    const decoded = await decode(new Uint8Array(bytes).buffer, { symmetric: true });
    const audio = { sampleRate: SAMPLE_RATE_HZ, channelData };
    const readBack = async (options: { float?: boolean; bitDepth?: number; symmetric?: boolean }) => {
      fs.writeFileSync(path, new Uint8Array(await encode(audio, options)));
      const reader = openWav(path);
      const block = channelData.map(() => new Float32Array(reader.frameCount));
      reader.read(0, block);
      reader.close();
      return block;
    };
    return [
      {
        name: '16-bit WAV of forge, read by wav-decoder',
        isPassed: isSame(decoded.channelData, channelData),
      },
      {
        name: '16-bit WAV of wav-encoder, read by forge',
        isPassed: isSame(await readBack({ bitDepth: 16, symmetric: true }), channelData),
      },
      {
        name: 'float WAV of wav-encoder, read by forge',
        isPassed: isSame(await readBack({ float: true }), channelData),
      },
    ];
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function isSame(a: readonly Float32Array[], b: readonly Float32Array[]): boolean {
  return (
    a.length === b.length &&
    a.every((samples, channel) => samples.every((sample, i) => sample === b[channel]![i]))
  );
}
