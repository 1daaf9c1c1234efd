// The one place that knows ffmpeg: finds the program, asks it what a file is, runs it, and lists what serves what.
// fluent-ffmpeg runs it without a shell. Inputs can only be local files in formats that hold audio themselves:
// playlists, devices and networks are refused by protocol and format lists.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { ForgeError } from '../errors.js';
import { displayPath } from './input-file.js';

export interface Ffmpeg {
  readonly path: string;
  /** Such as `5.1.9-0+deb12u1`. */
  readonly version: string;
  readonly origin: 'FORGE_FFMPEG' | 'ffmpeg-static' | 'PATH';
}

/** How to get what is missing, for every error that comes from its absence. */
export const FFMPEG_HINT =
  'Install ffmpeg (apt-get install ffmpeg, brew install ffmpeg, winget install ffmpeg), or set FORGE_FFMPEG to its path.';

/** Demuxers whose files hold the audio themselves. What is not listed (hls, concat, dash, image2 …) is not opened. */
const FORMATS =
  'aa,aac,aax,ac3,aiff,alp,amr,amrnb,amrwb,ape,aptx,asf,asf_o,ast,au,avi,bfstm,brstm,caf,dff,dfpwm,dsf,dts,dtshd,' +
  'eac3,flac,flv,gsm,iff,ilbc,loas,lxf,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mlp,mmf,mp3,mpc,mpc8,mpeg,mpegts,mxf,' +
  'nist,nut,ogg,oma,paf,pvf,qcp,qoa,rm,rso,sbc,shn,sol,sox,swf,tak,truehd,tta,voc,vqf,w64,wav,wsaud,wsvqa,wsd,wtv,' +
  'wv,xa,xwma';

/** Input options that keep ffmpeg to one local file. */
const INPUT_GUARDS = ['-protocol_whitelist', 'file,pipe', '-format_whitelist', FORMATS, '-bitexact'] as const;

const found = new Map<string, Promise<Ffmpeg | null>>();

/**
 * The ffmpeg of this machine: FORGE_FFMPEG, else ffmpeg-static, else PATH; null where there is none, or where
 * FORGE_FFMPEG is `none`. Looked for once per process and environment.
 * @throws ForgeError usage/bad-option where FORGE_FFMPEG names no program that runs
 */
export function findFfmpeg(): Promise<Ffmpeg | null> {
  const key = `${process.env.FORGE_FFMPEG ?? ''}\n${process.env.PATH ?? ''}`;
  let result = found.get(key);
  if (result === undefined) {
    result = lookForFfmpeg();
    found.set(key, result);
  }
  return result;
}

async function lookForFfmpeg(): Promise<Ffmpeg | null> {
  const named = process.env.FORGE_FFMPEG;
  if (named === 'none') return null;
  if (named !== undefined && named !== '') {
    const version = await versionOf(named);
    if (version === null) {
      throw new ForgeError(
        'usage/bad-option',
        `expected the path of an ffmpeg that runs for FORGE_FFMPEG, got ${displayPath(named)}`,
        { hint: 'Correct the variable, unset it to look on PATH, or set it to "none" to do without.' },
      );
    }
    return { path: named, version, origin: 'FORGE_FFMPEG' };
  }
  const bundled = bundledPath();
  if (bundled !== null) {
    const version = await versionOf(bundled);
    if (version !== null) return { path: bundled, version, origin: 'ffmpeg-static' };
  }
  const program = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, program);
    if (!isExecutable(path)) continue;
    const version = await versionOf(path);
    if (version !== null) return { path, version, origin: 'PATH' };
  }
  return null;
}

/** Where ffmpeg-static keeps its program, if the package and the program are there. */
function bundledPath(): string | null {
  try {
    const path: unknown = createRequire(import.meta.url)('ffmpeg-static');
    return typeof path === 'string' && isExecutable(path) ? path : null;
  } catch {
    return null;
  }
}

function isExecutable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.X_OK);
    return fs.statSync(path).isFile();
  } catch {
    return false;
  }
}

async function versionOf(path: string): Promise<string | null> {
  const { stdout } = await capture(path, ['-version']);
  return /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? null;
}

/** What ffmpeg says of an input. */
export interface FfmpegDescription {
  /** Its demuxer's name, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly format: string;
  readonly codec: string;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  /** Its name of the decoded samples, such as `s16`, `s32p`, `fltp`. */
  readonly sampleFormatName: string;
  /** Bits that carry signal, where it says so. */
  readonly rawBits: number | undefined;
  readonly bitrateKbps: number | undefined;
  /** From the header, to 10 ms; undefined where it is unknown or a guess from the bit rate. */
  readonly durationSec: number | undefined;
  readonly hasVideo: boolean;
  readonly hasCoverArt: boolean;
}

/**
 * Asks ffmpeg what a file is; nothing is decoded beyond what it needs for that.
 * @throws ForgeError input/not-audio, input/unsupported (no audio in it, a playlist), input/bad-header
 */
export async function describeWithFfmpeg(ffmpeg: Ffmpeg, path: string): Promise<FfmpegDescription> {
  const { stderr } = await capture(ffmpeg.path, [
    '-hide_banner',
    '-nostdin',
    ...INPUT_GUARDS,
    '-i',
    fileUrl(path),
  ]);
  const lines = stderr.split('\n');
  const name = displayPath(path);
  const input = /^Input #0, ([^ ]+), from /m.exec(stderr);
  if (input === null) {
    const refused = /^\[(\S+) @ \w+\] Format not on whitelist/m.exec(stderr)?.[1] ?? '';
    if (/hls|concat|dash|imf|sdp|rtsp|ismv/.test(refused)) {
      throw new ForgeError(
        'input/unsupported',
        `expected a file that holds audio, got a playlist (${refused}): ${name}`,
      );
    }
    if (/moov atom not found|EBML header parsing failed/.test(stderr)) {
      throw new ForgeError('input/bad-header', `the header of ${name} is missing or cut off`);
    }
    throw new ForgeError('input/not-audio', `expected audio in ${name}, got something that no decoder knows`);
  }
  const streams = lines.filter((line) => /^ {2}Stream #0:\d+/.test(line));
  const audio = streams.find((line) => / Audio: /.test(line));
  if (audio === undefined) {
    throw new ForgeError(
      'input/unsupported',
      `expected audio in ${name}, got a file of ${input[1]} without any`,
    );
  }
  const [codec = '', rate = '', layout = '', sampleFormatName = ''] = splitFields(
    audio.split(' Audio: ')[1]!,
  );
  const sampleRateHz = Number(/^(\d+) Hz$/.exec(rate)?.[1] ?? 0);
  const channelCount = channelCountOf(layout);
  if (sampleRateHz === 0 || channelCount === 0) {
    throw new ForgeError(
      'input/bad-header',
      `expected a sample rate and channels in ${name}, got "${rate}, ${layout}"`,
    );
  }
  const duration = /^ {2}Duration: (\d+):(\d+):([\d.]+)/m.exec(stderr);
  const isGuess = stderr.includes('Estimating duration from bitrate');
  const videos = streams.filter((line) => / Video: /.test(line));
  return {
    format: input[1]!,
    codec: codec.split(' ')[0]!,
    sampleRateHz,
    channelCount,
    sampleFormatName: sampleFormatName.split(' ')[0]!,
    rawBits: numberIn(/\((\d+) bit\)/, sampleFormatName),
    bitrateKbps: numberIn(/, (\d+) kb\/s/, audio),
    durationSec:
      duration === null || isGuess
        ? undefined
        : Number(duration[1]) * 3600 + Number(duration[2]) * 60 + Number(duration[3]),
    hasVideo: videos.some((line) => !line.includes('(attached pic)')),
    hasCoverArt: videos.some((line) => line.includes('(attached pic)')),
  };
}

/** Fields between commas that are not inside of parentheses. */
function splitFields(text: string): string[] {
  return text.split(/, (?![^(]*\))/).map((field) => field.trim());
}

function numberIn(pattern: RegExp, text: string): number | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : Number(match[1]);
}

/** Channels of a layout's name: `stereo`, `5.1(side)`, `9 channels` …; 0 where it is unknown. */
function channelCountOf(layout: string): number {
  const name = layout.replace(/\(.*/, '').trim();
  const counted = /^(\d+) channels/.exec(layout);
  if (counted !== null) return Number(counted[1]);
  const dotted = /^(\d+)\.(\d+)$/.exec(name);
  if (dotted !== null) return Number(dotted[1]) + Number(dotted[2]);
  const names: Readonly<Record<string, number>> = {
    mono: 1,
    stereo: 2,
    downmix: 2,
    quad: 4,
    hexagonal: 6,
    octagonal: 8,
    hexadecagonal: 16,
  };
  return names[name] ?? 0;
}

/** A local file of any origin, one that forge wrote itself (its demuxer is given), or bytes that are piped in. */
export type FfmpegInput =
  | { readonly path: string }
  | { readonly path: string; readonly demuxer: string }
  | { readonly stream: Readable; readonly options: readonly string[] };

export interface FfmpegJob {
  readonly inputs: readonly FfmpegInput[];
  readonly output: { readonly path: string; readonly options: readonly string[] };
  /** Receives the seconds of audio that are done. */
  readonly onProgress?: ((doneSec: number) => void) | undefined;
  readonly isCancelled?: (() => boolean) | undefined;
}

export interface FfmpegResult {
  readonly isSuccess: boolean;
  /** What it said at level "error", without its progress and without what concerns cover pictures. */
  readonly messages: readonly string[];
}

/** A damaged file can make ffmpeg say something of every packet. */
const MAX_MESSAGES = 100;

/**
 * Runs ffmpeg over local files. What it reports is returned, for the caller to judge.
 * @throws ForgeError interrupted/by-user when `isCancelled` turns true, internal/defect where it can't be started
 */
export async function runFfmpeg(ffmpeg: Ffmpeg, job: FfmpegJob): Promise<FfmpegResult> {
  const { default: createCommand } = await import('fluent-ffmpeg');
  const command = createCommand({ stdoutLines: 200 });
  command.setFfmpegPath(ffmpeg.path);
  for (const input of job.inputs) {
    if ('stream' in input) command.input(input.stream);
    else command.input(fileUrl(input.path));
    // More than one argument: fluent-ffmpeg splits a single one at its spaces.
    command.inputOptions('-hide_banner', '-nostdin', '-v', 'error', '-stats', ...optionsOf(input));
  }
  command.output(fileUrl(job.output.path)).outputOptions('-y', '-bitexact', ...job.output.options);

  const messages: string[] = [];
  command.on('stderr', (line: string) => {
    const isNews = line.trim() !== '' && !/^(size|frame)=/.test(line) && !isAboutPicture(line);
    if (isNews && messages.length < MAX_MESSAGES) messages.push(line.trim());
  });
  command.on('progress', (progress: { timemark?: string }) => {
    const time = /^(\d+):(\d+):([\d.]+)/.exec(progress.timemark ?? '');
    if (time !== null) job.onProgress?.(Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3]));
  });

  let isCancelled = false;
  const watch = setInterval(() => {
    if (isCancelled || !job.isCancelled?.()) return;
    isCancelled = true;
    command.kill('SIGKILL');
  }, 50);
  try {
    const failure = await new Promise<Error | null>((resolve) => {
      command.on('end', () => resolve(null));
      command.on('error', (error: Error) => resolve(error));
      command.run();
    });
    if (isCancelled) throw new ForgeError('interrupted/by-user', 'interrupted while ffmpeg was running');
    if (failure !== null && messages.length === 0) messages.push(failure.message);
    return { isSuccess: failure === null, messages };
  } finally {
    clearInterval(watch);
  }
}

function optionsOf(input: FfmpegInput): readonly string[] {
  if ('stream' in input) return input.options;
  if ('demuxer' in input) return ['-protocol_whitelist', 'file,pipe', '-f', input.demuxer];
  return INPUT_GUARDS;
}

function isAboutPicture(line: string): boolean {
  return /^\[(png|mjpeg|bmp|gif|webp|tiff|jpegls|image2)\b/.test(line);
}

/** One line of `forge doctor`: a format, and who serves it on this machine. */
export interface ServiceLine {
  readonly format: string;
  /** null where nothing does. */
  readonly servedBy: string | null;
}

export interface DecoderReport {
  readonly ffmpeg: Ffmpeg | null;
  readonly reads: readonly ServiceLine[];
  readonly writes: readonly ServiceLine[];
}

/** The encoder of ffmpeg for each container that forge writes through it, best first. */
export const ENCODERS: Readonly<Record<'flac' | 'mp3' | 'm4a' | 'opus', readonly string[]>> = {
  flac: ['flac'],
  mp3: ['libmp3lame'],
  m4a: ['libfdk_aac', 'aac'],
  opus: ['libopus'],
};

/** Which decoder and encoder serves which format here. */
export async function describeDecoders(): Promise<DecoderReport> {
  const ffmpeg = await findFfmpeg();
  const throughFfmpeg = ffmpeg === null ? null : `ffmpeg ${ffmpeg.version}`;
  const reads: ServiceLine[] = [
    { format: 'WAV, RF64, W64', servedBy: 'forge' },
    { format: 'FLAC', servedBy: 'forge' },
    { format: 'MP3', servedBy: throughFfmpeg ?? 'mpg123-decoder (WebAssembly)' },
    { format: 'Ogg Vorbis', servedBy: throughFfmpeg ?? 'forge' },
    { format: 'Opus', servedBy: throughFfmpeg ?? 'opus-decoder (WebAssembly)' },
    { format: 'AAC, M4A, ALAC, AIFF, WavPack and others', servedBy: throughFfmpeg },
  ];
  const writes: ServiceLine[] = [{ format: 'WAV, RF64', servedBy: 'forge' }];
  for (const container of ['flac', 'mp3', 'm4a', 'opus'] as const) {
    const encoder = ffmpeg === null ? null : await findEncoder(ffmpeg, container);
    writes.push({
      format: { flac: 'FLAC', mp3: 'MP3', m4a: 'M4A (AAC)', opus: 'Opus' }[container],
      servedBy: encoder === null ? null : `${throughFfmpeg} (${encoder})`,
    });
  }
  return { ffmpeg, reads, writes };
}

const encoderLists = new Map<string, Promise<string>>();

/** The first encoder of this ffmpeg that writes a container; null where it has none. */
export async function findEncoder(ffmpeg: Ffmpeg, container: keyof typeof ENCODERS): Promise<string | null> {
  let list = encoderLists.get(ffmpeg.path);
  if (list === undefined) {
    list = capture(ffmpeg.path, ['-hide_banner', '-encoders']).then(({ stdout }) => stdout);
    encoderLists.set(ffmpeg.path, list);
  }
  const text = await list;
  return ENCODERS[container].find((name) => new RegExp(`^ A\\S+ ${name} `, 'm').test(text)) ?? null;
}

/** A path as ffmpeg takes it: never an option, a protocol or a pattern. */
function fileUrl(path: string): string {
  return `file:${path}`;
}

/** Both outputs of a program, whatever its exit code; empty where it can't be started. */
function capture(program: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 1 << 24, windowsHide: true }, (_error, stdout, stderr) => {
      resolve({ stdout, stderr });
    });
  });
}
