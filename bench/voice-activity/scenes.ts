// Scenes with known speech: sentences of the speech corpus at known times over silence, noise and music.
// A third of the scenes hold no speech at all. Truth comes from the clean sentences alone: frames within 30 dB of their loud ones, gaps below 150 ms closed.
// Speakers and backgrounds are held apart: those of the fit never appear in the test.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SPEECH_HOP, SPEECH_RATE_HZ } from '../../src/dsp/voice-activity/speech-features.js';

/** A mono signal at 16 kHz and, for every frame of 32 ms, whether someone speaks. */
export interface Scene {
  readonly name: string;
  readonly kind: string;
  readonly samples: Float32Array;
  readonly truth: Uint8Array;
}

const SPEECH = 'datasets/separation/speech/resemble-ai__Resemblyzer';

/** Deterministic numbers in 0 … 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function decodeMono(path: string, rateHz = SPEECH_RATE_HZ): Float32Array {
  const bytes = execFileSync(
    'ffmpeg',
    ['-v', 'error', '-i', path, '-ac', '1', '-ar', String(rateHz), '-f', 'f32le', '-'],
    { maxBuffer: 1 << 30 },
  );
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function isTest(name: string): boolean {
  return createHash('md5').update(name).digest()[0]! < 96;
}

/** Sentences and backgrounds of one half. */
export function listMaterial(shared: string, half: 'fit' | 'test') {
  const folder = join(shared, SPEECH);
  const sentences = existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .filter((name) => isTest(name.split('-')[0]!) === (half === 'test'))
        .map((name) => join(folder, name))
    : [];
  const songs = join(shared, 'datasets/separation/multitrack/ichbinsoftware__everythingisremixed');
  const music = readdirSync(songs)
    .sort()
    .filter((name) => !name.includes('vocals') && /^[567]/.test(name) === (half === 'test'))
    .map((name) => join(songs, name));
  const loops = join(shared, 'datasets/separation/drum_loop');
  const drums = readdirSync(loops)
    .sort()
    .flatMap((kit) =>
      readdirSync(join(loops, kit))
        .sort()
        .map((name) => join(loops, kit, name)),
    )
    .filter((name) => isTest(name) === (half === 'test'));
  const noises = half === 'test' ? [join(shared, 'audio/speech/noise.wav')] : [];
  return { sentences, music, drums, noises };
}

/** Whether frames of a clean sentence hold speech. */
export function truthOf(clean: Float32Array): Uint8Array {
  const count = Math.floor(clean.length / SPEECH_HOP);
  const levels = Float64Array.from({ length: count }, (_, t) => {
    let sum = 1e-12;
    for (let n = t * SPEECH_HOP; n < (t + 1) * SPEECH_HOP; n++) sum += clean[n]! ** 2;
    return 10 * Math.log10(sum / SPEECH_HOP);
  });
  const sorted = levels.slice().sort();
  const loud = sorted[Math.floor(0.9 * (count - 1))]!;
  const quiet = sorted[Math.floor(0.03 * (count - 1))]!;
  const threshold = Math.max(loud - 30, Math.min(quiet + 8, loud - 15));
  const truth = Uint8Array.from(levels, (level) => (level > threshold ? 1 : 0));
  fill(truth, 0, 5); // gaps of up to 4 frames inside of speech
  fill(truth, 1, 3); // clicks
  return truth;
}

/** Runs of `value` shorter than `length` frames become the other value, except at both ends. */
function fill(truth: Uint8Array, value: 0 | 1, length: number): void {
  for (let from = 0; from < truth.length; ) {
    let to = from;
    while (to < truth.length && truth[to] === truth[from]) to++;
    if (truth[from] === value && to - from < length && from > 0 && to < truth.length)
      truth.fill(1 - value, from, to);
    from = to;
  }
}

/** `count` scenes of about half a minute. */
export function makeScenes(shared: string, half: 'fit' | 'test', count: number): Scene[] {
  const { sentences, music, drums, noises } = listMaterial(shared, half);
  const random = seeded(half === 'fit' ? 11 : 12);
  const decoded = new Map<string, Float32Array>();
  const decode = (path: string): Float32Array => {
    const known = decoded.get(path) ?? decodeMono(path);
    decoded.set(path, known);
    return known;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const kinds = ['clean', 'room', 'noise', 'music', 'drums', ...(noises.length > 0 ? ['recorded'] : [])];
  const speechless = ['music', 'drums', 'noise'];
  return Array.from({ length: count }, (_, k) => {
    const isSpeechless = k % 3 === 2;
    const kind = isSpeechless ? pick(speechless) : kinds[(k - Math.floor(k / 3)) % kinds.length]!;
    const total = 30 * SPEECH_RATE_HZ;
    const samples = new Float32Array(total);
    const truth = new Uint8Array(Math.floor(total / SPEECH_HOP));
    const levelDb = -14 - 20 * random();
    let at = Math.floor((0.5 + 2 * random()) * 31.25);
    while (!isSpeechless) {
      const clean = decode(pick(sentences));
      const found = truthOf(clean);
      const from = found.indexOf(1);
      const to = found.lastIndexOf(1) + 1;
      if (at + to - from > truth.length) break;
      let power = 1e-12;
      let spoken = 1;
      for (let t = from; t < to; t++) {
        if (found[t] === 0) continue;
        spoken++;
        for (let n = t * SPEECH_HOP; n < (t + 1) * SPEECH_HOP; n++) power += clean[n]! ** 2;
      }
      const gain = 10 ** (levelDb / 20) / Math.sqrt(power / (spoken * SPEECH_HOP));
      for (let t = from; t < to; t++) {
        truth[at + t - from] = found[t]!;
        for (let n = 0; n < SPEECH_HOP; n++)
          samples[(at + t - from) * SPEECH_HOP + n] = gain * clean[t * SPEECH_HOP + n]!;
      }
      at += to - from + Math.floor((0.4 + 3 * random()) * 31.25);
    }
    const snrDb = kind === 'clean' ? 90 : kind === 'room' ? 40 - 15 * random() : 20 - 15 * random();
    const background = backgroundOf(kind, total);
    let power = 1e-12;
    for (const value of background) power += value * value;
    const gain = 10 ** ((levelDb - snrDb) / 20) / Math.sqrt(power / total);
    for (let n = 0; n < total; n++) samples[n]! += gain * background[n]!;
    const label = isSpeechless ? `only ${kind}` : kind;
    return { name: `${label} ${k}`, kind: label, samples, truth };
  });

  function backgroundOf(kind: string, total: number): Float32Array {
    if (kind === 'music' || kind === 'drums' || kind === 'recorded') {
      const source = decode(pick(kind === 'music' ? music : kind === 'drums' ? drums : noises));
      const start = Math.floor(random() * source.length);
      return Float32Array.from({ length: total }, (_, n) => source[(start + n) % source.length]!);
    }
    // White to brown: a one-pole low-pass between them.
    const pole = kind === 'clean' ? 0 : 0.95 * random();
    let low = 0;
    return Float32Array.from({ length: total }, () => {
      low = pole * low + (random() + random() + random() - 1.5);
      return low;
    });
  }
}
