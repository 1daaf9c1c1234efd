// Voices and beds for the ducking benchmark: sentences of the speech corpus with pauses between them, one speaker a
// voice, over the multitracks without their vocals, a band with its singer, a pop song and a drum loop.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeWav } from '../peers/tools.js';

export interface Combination {
  readonly name: string;
  readonly voicePath: string;
  readonly bedPath: string;
}

/** Pauses between sentences in seconds; the long ones let the bed come up. */
const PAUSES_SEC = [0.4, 2.5, 0.9, 4, 0.3];
const VOICE_RATE_HZ = 16_000;

/** Mono or interleaved samples of a file at a rate. */
export function decode(path: string, rateHz: number, channelCount: 1 | 2): Float32Array {
  const args = [
    '-v',
    'error',
    '-i',
    path,
    '-ac',
    String(channelCount),
    '-ar',
    String(rateHz),
    '-f',
    'f32le',
    '-',
  ];
  const { status, stdout, stderr } = spawnSync('ffmpeg', args, { maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`ffmpeg: ${String(stderr)}`);
  return new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
}

/** Writes up to `count` combinations into `folder`. */
export function writeCombinations(shared: string, folder: string, count: number): Combination[] {
  const speech = join(shared, 'datasets/separation/speech/resemble-ai__Resemblyzer');
  const sentences = readdirSync(speech)
    .filter((name) => /^\d/.test(name))
    .sort();
  return bedsOf(shared)
    .slice(0, count)
    .map(({ name, parts }, k) => {
      const bedPath = join(folder, `${name}.wav`);
      mixFiles(parts, bedPath);
      const chosen = [0, 1, 2, 3].map((n) => join(speech, sentences[(k * 17 + n * 5) % sentences.length]!));
      const voicePath = join(folder, `${name}.voice.wav`);
      writeWav(voicePath, [voiceOf(chosen)], VOICE_RATE_HZ);
      return { name, voicePath, bedPath };
    });
}

/** The sentences with pauses, from a second and a half on. */
function voiceOf(paths: readonly string[]): Float32Array {
  const parts: Float32Array[] = [new Float32Array(1.5 * VOICE_RATE_HZ)];
  for (const [k, path] of paths.entries()) {
    parts.push(decode(path, VOICE_RATE_HZ, 1), new Float32Array(PAUSES_SEC[k % 5]! * VOICE_RATE_HZ));
  }
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function bedsOf(shared: string): { name: string; parts: string[] }[] {
  const folder = join(shared, 'datasets/separation/multitrack/ichbinsoftware__everythingisremixed');
  const stems = readdirSync(folder).sort();
  const songs = [...new Set(stems.map((name) => name.split('_')[0]!))].map((song) => ({
    name: song.replace('.', '-'),
    parts: stems
      .filter((name) => name.startsWith(`${song}_`) && !name.includes('vocals'))
      .map((name) => join(folder, name)),
  }));
  const funk = join(shared, 'datasets/separation/multitrack/mdn__webaudio-examples');
  const band = join(shared, 'audio/stems-band30');
  const more = [
    { name: 'funk', parts: readdirSync(funk).map((name) => join(funk, name)) },
    { name: 'band-with-singer', parts: readdirSync(band).map((name) => join(band, name)) },
    {
      name: 'band-without',
      parts: readdirSync(band)
        .filter((name) => !name.includes('Vocals'))
        .map((name) => join(band, name)),
    },
    { name: 'pop-song', parts: [join(shared, 'audio/music/demucs_test.mp3')] },
  ];
  return [...songs, ...more].filter(
    ({ parts }) => parts.length > 0 && parts.every((path) => existsSync(path)),
  );
}

/** Sum of files, repeated to 45 s, as a stereo WAV of 24 bits at 48 kHz. */
function mixFiles(parts: readonly string[], path: string): void {
  const rateHz = 48_000;
  const frames = 45 * rateHz;
  const channels = [new Float32Array(frames), new Float32Array(frames)];
  for (const part of parts) {
    const samples = decode(part, rateHz, 2);
    const length = samples.length / 2;
    for (const [c, channel] of channels.entries())
      for (let n = 0; n < frames; n++) channel[n]! += samples[2 * (n % length) + c]!;
  }
  let peak = 0;
  for (const channel of channels) for (const value of channel) peak = Math.max(peak, Math.abs(value));
  writeWav(
    path,
    channels.map((channel) => channel.map((value) => (0.7 * value) / peak)),
    rateHz,
    24,
  );
}
