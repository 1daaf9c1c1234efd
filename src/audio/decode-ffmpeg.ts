// Decodes a file through ffmpeg into a scratch WAV and judges the result: by what ffmpeg reports, and by the length
// that the container announces. ffmpeg itself exits with 0 on most damage.
import fs from 'node:fs';
import { ForgeError } from '../errors.js';
import type { SampleFormat } from './audio-file.js';
import type { DamageLog } from './damage.js';
import { FFMPEG_HINT, findFfmpeg, runFfmpeg } from './ffmpeg.js';
import { displayPath } from './input-file.js';
import type { AudioInfo } from './probe.js';
import { cutScratchWav } from './scratch-wav.js';
import { openWav, type WavReader } from './wav-reader.js';

/** Headers that count in 10 ms, or in packets of a video's clock: a shortfall below this is no loss. */
const HEADER_TOLERANCE_SEC = 0.1;

/** @throws ForgeError input/damaged, input/truncated, input/needs-ffmpeg, interrupted/by-user, output/disk-full */
export async function decodeWithFfmpeg(
  info: AudioInfo,
  path: string,
  damage: DamageLog,
  options: { readonly onProgress?: (doneRatio: number) => void; readonly isCancelled?: () => boolean },
): Promise<void> {
  const ffmpeg = await findFfmpeg();
  const name = displayPath(info.path);
  if (ffmpeg === null) {
    throw new ForgeError('input/needs-ffmpeg', `${name} needs ffmpeg, and there is none`, {
      hint: FFMPEG_HINT,
    });
  }
  const { durationSec } = info;
  const { onProgress } = options;
  const { isSuccess, messages } = await runFfmpeg(ffmpeg, {
    inputs: [{ path: info.path }],
    output: {
      path,
      options: [
        '-map',
        '0:a:0',
        '-map_metadata',
        '-1',
        '-c:a',
        encoderOf(info.sampleFormat),
        '-rf64',
        'auto',
        '-f',
        'wav',
      ],
    },
    onProgress:
      onProgress === undefined || !durationSec
        ? undefined
        : (doneSec) => onProgress(Math.min(1, doneSec / durationSec)),
    isCancelled: options.isCancelled,
  });
  const report = messages.slice(0, 3).join('; ');
  if (/No space left on device/.test(report)) {
    throw new ForgeError('output/disk-full', `no space is left on the disk to decode ${name}`, {
      hint: 'Free some space, or choose another folder by --out.',
    });
  }
  const reader = openDecoded(path, name, report);
  reader.close();
  if (!isSuccess || messages.length > 0)
    damage.report('input/damaged', `ffmpeg cannot decode all of ${name}: ${report}`);

  const { frameCount, sampleRateHz } = reader;
  if (info.frameCount === null) {
    if (durationSec !== null && frameCount / sampleRateHz < durationSec - HEADER_TOLERANCE_SEC) {
      damage.report(
        'input/truncated',
        `expected ${durationSec.toFixed(2)} s in ${name}, got ${(frameCount / sampleRateHz).toFixed(2)} s`,
      );
    }
  } else if (frameCount < info.frameCount) {
    damage.report('input/truncated', `expected ${info.frameCount} frames in ${name}, got ${frameCount}`);
  } else if (frameCount > info.frameCount) {
    // The encoder's padding, which not every version of ffmpeg leaves out.
    cutScratchWav(path, reader.info.dataOffset, reader.info.bytesPerFrame, info.frameCount);
  }
}

function openDecoded(path: string, name: string, report: string): WavReader {
  try {
    return openWav(path, { tolerateDamage: true });
  } catch (thrown) {
    const isMissing =
      !fs.existsSync(path) || (thrown instanceof ForgeError && thrown.code.startsWith('input/'));
    if (!isMissing) throw thrown;
    throw new ForgeError('input/damaged', `ffmpeg cannot decode ${name}: ${report || 'it gave no audio'}`, {
      cause: thrown,
    });
  }
}

function encoderOf({ kind, bits }: SampleFormat): string {
  return kind === 'float' ? `pcm_f${bits}le` : bits === 8 ? 'pcm_u8' : `pcm_s${bits}le`;
}
