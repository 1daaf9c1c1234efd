// The spectrum of noise that a person points at: a stretch of the file itself, or a recording of the noise alone.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AudioReader } from '../../audio/audio-file.js';
import { decodeAudio } from '../../audio/decode.js';
import { probeAudio } from '../../audio/probe.js';
import { openWav } from '../../audio/wav-reader.js';
import { analysisOf } from '../../dsp/denoise/embedded-denoiser.js';
import { createResampledReader, type FrameSource } from '../../dsp/resample.js';
import { createStft } from '../../dsp/stft.js';
import { ForgeError } from '../../errors.js';
import { sha256Sync } from '../../file-hash.js';
import type { AudioRef } from '../stage.js';

const PLACE = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/;
/** Less does not tell a spectrum; more than two minutes tells no more. */
const SHORTEST_SEC = 0.2;
const LONGEST_SEC = 120;

/** Hash of the file that `profile` names; empty for a place in the file itself. @throws ForgeError input/not-found */
export function hashProfile(profile: string | undefined): string {
  if (profile === undefined || PLACE.test(profile)) return '';
  if (!existsSync(profile)) {
    throw new ForgeError(
      'input/not-found',
      `expected START-END in seconds or an audio file for profile, got "${profile}", which is not there`,
    );
  }
  return sha256Sync(profile);
}

/**
 * Power of the noise per bin of the embedded denoiser's transform.
 * @param profile START-END in seconds, or the path of an audio file
 * @throws ForgeError usage/bad-option for a place outside of the file or shorter than 0.2 s; input/* for a bad file
 */
export async function learnProfile(audio: AudioRef, profile: string): Promise<Float64Array> {
  const place = PLACE.exec(profile);
  if (place !== null) {
    const reader = openWav(audio.path);
    try {
      const startSec = Number(place[1]);
      const endSec = Number(place[2]);
      const durationSec = audio.frameCount / audio.sampleRateHz;
      if (endSec > durationSec)
        throw badPlace(profile, `an end inside of the file (${durationSec.toFixed(2)} s)`);
      return measureNoise(reader, startSec, endSec, profile);
    } finally {
      reader.close();
    }
  }
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-profile-'));
  try {
    const decoded = await decodeAudio(await probeAudio(profile), { scratchDir, tolerateDamage: false });
    const reader: AudioReader = openWav(decoded.path);
    try {
      const source: FrameSource = createResampledReader(reader, audio.sampleRateHz);
      return measureNoise(source, 0, source.frameCount / source.sampleRateHz, profile);
    } finally {
      reader.close();
    }
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}

/** Mean power per bin between two times, of all channels. */
function measureNoise(source: FrameSource, startSec: number, endSec: number, profile: string): Float64Array {
  if (!(endSec - startSec >= SHORTEST_SEC)) throw badPlace(profile, `at least ${SHORTEST_SEC} s of noise`);
  const { fftSize, hopFrames, binCount } = analysisOf(source.sampleRateHz);
  const stft = createStft({ fftSize, hopFrames, window: 'hann' });
  const block = Array.from({ length: source.channelCount }, () => new Float64Array(fftSize));
  const re = new Float64Array(binCount);
  const im = new Float64Array(binCount);
  const power = new Float64Array(binCount);
  const start = Math.round(startSec * source.sampleRateHz);
  const end = Math.round(Math.min(endSec, startSec + LONGEST_SEC) * source.sampleRateHz);
  let frames = 0;
  for (let at = start; at + fftSize <= end; at += 2 * hopFrames) {
    source.read(at, block);
    for (const samples of block) {
      stft.analyse(samples, 0, re, im);
      for (let k = 0; k < binCount; k++) power[k] = power[k]! + re[k]! ** 2 + im[k]! ** 2;
    }
    frames += block.length;
  }
  // The squared Hann window sums to 3/8 of its length, the denoiser's to 1/2.
  return power.map((sum) => (4 / 3) * (sum / frames));
}

function badPlace(profile: string, expected: string): ForgeError {
  return new ForgeError('usage/bad-option', `expected ${expected} for profile, got "${profile}"`, {
    hint: 'Name a place as START-END in seconds, such as 0.5-1.5, or a file that holds the noise alone.',
  });
}
