// Runs the built program as a person does: a subprocess in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AudioBlock } from '../../src/audio/audio-file.js';
import { createWavWriter } from '../../src/audio/wav-writer.js';

const FORGE = resolve(import.meta.dirname, '../../bin/forge.js');

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
}

/** Starts forge; the caller waits for, or kills, the child. */
export function startForge(
  args: readonly string[],
  options: CliOptions,
): { child: ChildProcess; done: Promise<CliResult> } {
  const child = spawn(process.execPath, [FORGE, ...args], {
    cwd: options.cwd,
    // Only models that the test asks for: an empty folder unless it says otherwise.
    env: { ...process.env, FORGE_MODELS_DIR: join(options.cwd, 'no-models'), NO_COLOR: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin!.on('error', () => {});
  child.stdin!.end(options.stdin);
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const done = new Promise<CliResult>((settle) =>
    child.on('close', (code, signal) => settle({ code, signal, stdout, stderr })),
  );
  return { child, done };
}

/** Resolves once the child has written `text` to its standard error, or has ended. */
export function untilStderr(child: ChildProcess, text: string): Promise<void> {
  return new Promise((ready) => {
    child.on('close', () => ready());
    child.stderr!.on('data', (part: string) => {
      if (part.includes(text)) ready();
    });
  });
}

/** Runs forge to its end. */
export function forge(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startForge(args, options).done;
}

/** The one JSON object on stdout. */
export function jsonOf<T = { results: { status: string; error?: { code: string; message: string } }[] }>(
  result: CliResult,
): T {
  try {
    return JSON.parse(result.stdout) as T;
  } catch {
    throw new Error(`not JSON on stdout (exit ${result.code}): ${result.stdout}\n${result.stderr}`);
  }
}

/** Writes a float32 or integer WAV file. */
export function writeWav(
  path: string,
  block: AudioBlock,
  sampleRateHz: number,
  sampleFormat: { kind: 'int' | 'float'; bits: number } = { kind: 'int', bits: 16 },
): string {
  const writer = createWavWriter(path, {
    sampleRateHz,
    channelCount: block.length,
    frameCount: block[0]!.length,
    sampleFormat,
  });
  writer.write(0, block);
  writer.commit();
  return path;
}

/** Music-like test signal, stereo: a bass line, a decaying click every half second, a slowly modulated pad, a little noise. Seeded. */
export function testSong(durationSec: number, sampleRateHz = 44_100, seed = 1): Float32Array[] {
  const frames = Math.round(durationSec * sampleRateHz);
  const left = new Float32Array(frames);
  const right = new Float32Array(frames);
  let state = seed >>> 0 || 1;
  const noise = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  };
  for (let i = 0; i < frames; i++) {
    const t = i / sampleRateHz;
    const beat = t % 0.5;
    const bass = 0.2 * Math.sin(2 * Math.PI * 55 * (1 + (Math.floor(t / 2) % 4) / 4) * t);
    const click = 0.4 * Math.exp(-beat * 60) * noise();
    const lead = 0.15 * Math.sin(2 * Math.PI * 440 * t + 3 * Math.sin(2 * Math.PI * 5 * t));
    const pad = 0.08 * Math.sin(2 * Math.PI * 330 * t) * (1 + 0.5 * Math.sin(2 * Math.PI * 0.2 * t));
    left[i] = bass + click + lead + pad + 0.002 * noise();
    right[i] = bass + click + lead - 0.5 * pad + 0.002 * noise();
  }
  return [left, right];
}

/** The folder of shared material of the project's makers, or undefined: a user has none. */
export function sharedFolder(): string | undefined {
  const folder = resolve(process.env.FORGE_SHARED_DIR ?? join(import.meta.dirname, '../../../shared'));
  return existsSync(folder) ? folder : undefined;
}
