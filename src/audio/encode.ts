// Writes the deliverable form of audio: WAV by forge itself, FLAC, MP3, M4A and Opus through ffmpeg, which receives
// samples that forge has already brought to their rate and depth. Whole or not at all; the same bytes every time.
// Tags, cover and BWF chunks of the input go along, but for those that the processing has made untrue.
import { Readable } from 'node:stream';
import { createResampledReader } from '../dsp/resample.js';
import { ForgeError } from '../errors.js';
import { createAtomicFile, makeDurable, outputError } from './atomic-file.js';
import type { AudioBlock, AudioReader, SampleFormat } from './audio-file.js';
import {
  type DeliveryContainer,
  deliverableRateHz,
  deliverableSampleFormat,
  isDivisible,
  PART_FRAMES,
  usualBitrateKbps,
} from './delivery-form.js';
import { coverFile, metadataFile } from './encode-metadata.js';
import { FFMPEG_HINT, type FfmpegInput, findEncoder, findFfmpeg, runFfmpeg } from './ffmpeg.js';
import { displayPath } from './input-file.js';
import { canShapeNoise, createNoiseShaper } from './noise-shaping.js';
import type { AudioInfo } from './probe.js';
import { type AudioTags, readTags } from './tags.js';
import { BYTES_PER_SAMPLE } from './wav-header.js';
import { type ExtraChunk, encodingFor } from './wav-layout.js';
import { adaptChunks, chunksOfTags, readMetadataChunks } from './wav-metadata.js';
import { openWav } from './wav-reader.js';
import { createSampleBuffer, encodeSamples, type Quantiser } from './wav-samples.js';
import { createWavWriter, type FrameWriter, openWavRegion } from './wav-writer.js';

/** The form of a delivered file. */
export interface EncodeSpec {
  readonly container: DeliveryContainer;
  readonly sampleRateHz: number;
  /** Ignored by lossy containers. */
  readonly sampleFormat: SampleFormat;
  /** Lossy containers only; a usual one for the number of channels where it is left out. */
  readonly bitrateKbps?: number | undefined;
  /** How samples are rounded to fewer bits; `tpdf` where it is left out. */
  readonly dither?: DitherKind | undefined;
}

/**
 * `off` rounds to nearest. `tpdf` adds triangular dither. `shaped` moves the dithered error to where hearing is dull, at
 * 44.1 and 48 kHz; elsewhere it is `tpdf`.
 */
export type DitherKind = 'off' | 'tpdf' | 'shaped';

export interface EncodeOptions {
  /** The input whose tags, cover and chunks go along. */
  readonly metadataFrom?: AudioInfo | undefined;
  /** Seed of the dither; 0 where it is left out. */
  readonly seed?: number;
  /** What the samples of the source are stored in and exactly representable by: spares dither that nothing needs. */
  readonly sourceSampleFormat?: SampleFormat | undefined;
  /** Receives the share that is done, 0 to 1. */
  readonly onProgress?: (doneRatio: number) => void;
  readonly isCancelled?: () => boolean;
  /** Does parts of a file that is divisible (see isDivisible) by encodePart, elsewhere; gives what that gives. */
  readonly writePart?: (part: WavPart) => Promise<number>;
  /** False where the caller makes the file durable (see makeDurable). */
  readonly isMadeDurable?: boolean;
}

/** Frames of a WAV file that is being made. */
export interface WavPart {
  readonly temporaryPath: string;
  readonly startFrame: number;
  readonly endFrame: number;
  readonly ditherSeed: number | undefined;
  /** Whether float32 holds every sample of the source. */
  readonly isShort: boolean;
}

export interface EncodedAudio {
  /** Samples that did not fit the integers of the target. */
  readonly clippedSampleCount: number;
  /** That of the file: see deliverableRateHz. */
  readonly sampleRateHz: number;
  /** That of the file: see deliverableSampleFormat. */
  readonly sampleFormat: SampleFormat;
  /** Frames that were encoded. */
  readonly frameCount: number;
}

const BLOCK_FRAMES = 16384;
const FLOAT32: SampleFormat = { kind: 'float', bits: 32 };

/**
 * Writes `source` to `targetPath`, converting the rate where it differs.
 * @throws ForgeError output/needs-ffmpeg, output/unsupported, output/encoder-failed, output/unwritable,
 *   output/disk-full, interrupted/by-user, and what reading the source throws
 */
export async function encodeAudio(
  source: AudioReader,
  targetPath: string,
  spec: EncodeSpec,
  options: EncodeOptions = {},
): Promise<EncodedAudio> {
  const sampleRateHz = deliverableRateHz(spec.container, spec.sampleRateHz);
  const reader = createResampledReader(source, sampleRateHz);
  const form: TargetForm = {
    sampleRateHz,
    channelCount: reader.channelCount,
    frameCount: reader.frameCount,
    sampleFormat: deliverableSampleFormat(spec.container, spec.sampleFormat),
    ditherSeed: undefined,
    isShort: reader === source && holds(FLOAT32, options.sourceSampleFormat),
  };
  const isExact = reader === source && holds(form.sampleFormat, options.sourceSampleFormat);
  const dithered = isExact ? form : withDither(form, spec.dither ?? 'tpdf', options.seed ?? 0);
  const clippedSampleCount =
    spec.container === 'wav'
      ? await encodeWav(reader, targetPath, dithered, options, isDivisible(spec, source))
      : await encodeWithFfmpeg(reader, targetPath, { ...spec, container: spec.container }, dithered, options);
  return { clippedSampleCount, sampleRateHz, sampleFormat: form.sampleFormat, frameCount: reader.frameCount };
}

function withDither(form: TargetForm, dither: DitherKind, seed: number): TargetForm {
  const { kind, bits } = form.sampleFormat;
  if (dither === 'off' || kind === 'float') return form;
  const isShaped = dither === 'shaped' && bits <= 24 && canShapeNoise(form.sampleRateHz);
  return isShaped ? { ...form, shapedSeed: seed } : { ...form, ditherSeed: seed };
}

interface TargetForm {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly frameCount: number;
  readonly sampleFormat: SampleFormat;
  readonly ditherSeed: number | undefined;
  /** Seed of dither whose noise is shaped: blocks are then rounded before they are written. */
  readonly shapedSeed?: number;
  /** Whether float32 holds every sample of the source. */
  readonly isShort: boolean;
}

/** Whether every value of one format is a value of the other. */
function holds(target: SampleFormat, source: SampleFormat | undefined): boolean {
  if (source === undefined) return false;
  if (target.kind === source.kind) return target.bits >= source.bits;
  return target.kind === 'float' && target.bits > source.bits;
}

async function encodeWav(
  reader: FrameReader,
  path: string,
  form: TargetForm,
  options: EncodeOptions,
  isInParts: boolean,
): Promise<number> {
  const extraChunks = await wavChunks(options.metadataFrom, form);
  const channelMask = speakersOf(options.metadataFrom, form);
  const writer = createWavWriter(path, { ...form, extraChunks, channelMask });
  const { writePart, isMadeDurable = true } = options;
  try {
    const clippedSampleCount =
      isInParts && writePart !== undefined
        ? await writeInParts(writer.temporaryPath, form, writePart)
        : await writeBlocks(createBlockSource(reader, form, options), writer);
    // Beside this thread, which has other parts to give out; commit finds nothing left to flush.
    if (isMadeDurable) await makeDurable(writer.temporaryPath);
    writer.commit(isMadeDurable);
    return clippedSampleCount;
  } catch (thrown) {
    writer.abort();
    throw thrown;
  }
}

/** All blocks in order; gives what was clipped. */
async function writeBlocks(blocks: BlockSource, writer: FrameWriter): Promise<number> {
  for await (const { startFrame, block } of blocks.read()) writer.write(startFrame, block);
  return writer.clippedSampleCount + blocks.clippedSampleCount;
}

/** Waits for all parts, also where one fails. */
async function writeInParts(
  temporaryPath: string,
  { frameCount, ditherSeed, isShort }: TargetForm,
  writePart: (part: WavPart) => Promise<number>,
): Promise<number> {
  const parts = Array.from({ length: Math.ceil(frameCount / PART_FRAMES) }, (_, index) => {
    const startFrame = index * PART_FRAMES;
    const endFrame = Math.min(frameCount, startFrame + PART_FRAMES);
    return writePart({ temporaryPath, startFrame, endFrame, ditherSeed, isShort });
  });
  await Promise.allSettled(parts);
  return (await Promise.all(parts)).reduce((sum, clipped) => sum + clipped, 0);
}

/** Writes a part of a file from its source; gives how many samples did not fit. @throws ForgeError output/*, and what reading throws */
export function encodePart(source: AudioReader, part: WavPart): number {
  const { startFrame, endFrame, ditherSeed, isShort } = part;
  const region = openWavRegion(part.temporaryPath, { ditherSeed });
  const buffers = createBlock(source.channelCount, isShort);
  try {
    for (let at = startFrame; at < endFrame; at += BLOCK_FRAMES) {
      const block = startOf(buffers, Math.min(BLOCK_FRAMES, endFrame - at));
      source.read(at, block);
      region.write(at, block);
    }
    return region.clippedSampleCount;
  } finally {
    region.close();
  }
}

/** Speaker positions that a WAV input states, where the channels are still the same. */
function speakersOf(from: AudioInfo | undefined, form: TargetForm): number | undefined {
  if (from?.decoder !== 'wav' || from.channelCount !== form.channelCount) return undefined;
  const reader = openWav(from.path, { tolerateDamage: true });
  reader.close();
  return reader.info.channelMask;
}

/** What goes beside the audio: a WAV's own chunks, adapted, or chunks made of another format's tags. */
async function wavChunks(from: AudioInfo | undefined, form: TargetForm): Promise<ExtraChunk[]> {
  if (from === undefined) return [];
  if (from.decoder === 'wav' && from.container !== 'w64') {
    return adaptChunks(
      readMetadataChunks(from.path),
      from.sampleRateHz,
      form.sampleRateHz,
      form.sampleFormat.bits,
    );
  }
  return chunksOfTags(await readTags(from.path));
}

async function encodeWithFfmpeg(
  reader: FrameReader,
  path: string,
  spec: EncodeSpec & { readonly container: 'flac' | 'mp3' | 'm4a' | 'opus' },
  form: TargetForm,
  options: EncodeOptions,
): Promise<number> {
  const name = displayPath(path);
  refuseUnsupported(name, spec, form);
  const ffmpeg = await findFfmpeg();
  if (ffmpeg === null) {
    throw new ForgeError('output/needs-ffmpeg', `${name} is written through ffmpeg, and there is none`, {
      hint: `${FFMPEG_HINT} WAV needs none.`,
    });
  }
  const encoder = await findEncoder(ffmpeg, spec.container);
  if (encoder === null) {
    throw new ForgeError(
      'output/needs-ffmpeg',
      `${ffmpeg.path} was built without an encoder for ${spec.container}`,
      {
        hint: 'Install a complete ffmpeg, or choose another --format.',
      },
    );
  }
  const metadata: AudioTags =
    options.metadataFrom === undefined
      ? { tags: {}, cover: null }
      : await readTags(options.metadataFrom.path);
  const quantiser: Quantiser = { ditherSeed: form.ditherSeed, clippedSampleCount: 0 };
  const target = createAtomicFile(path);
  const tags = metadataFile(path, metadata, spec.container);
  const cover = coverFile(path, metadata, spec.container);
  let failure: unknown;
  const stream = Readable.from(
    (async function* () {
      try {
        yield* rawSamples(reader, form, quantiser, options);
      } catch (thrown) {
        failure = thrown;
      }
    })(),
    { objectMode: false },
  );
  try {
    const inputs: FfmpegInput[] = [{ stream, options: rawInputOptions(form) }];
    if (tags !== null) inputs.push({ path: tags.path, demuxer: 'ffmetadata' });
    if (cover !== null) inputs.push({ path: cover.path, demuxer: cover.demuxer });
    const { isSuccess, messages } = await runFfmpeg(ffmpeg, {
      inputs,
      output: {
        path: target.temporaryPath,
        options: [
          ...['-map', '0:a', '-map_metadata', tags === null ? '-1' : '1', '-c:a', encoder],
          ...(cover === null
            ? []
            : ['-map', `${inputs.length - 1}:v`, '-c:v', 'copy', '-disposition:v', 'attached_pic']),
          ...encoderOptions(spec, form),
        ],
      },
      isCancelled: options.isCancelled,
    });
    if (failure !== undefined) throw failure;
    if (!isSuccess) {
      const report = messages.slice(-3).join('; ');
      if (report.includes('No space left on device')) throw outputError({ code: 'ENOSPC' }, path);
      throw new ForgeError('output/encoder-failed', `ffmpeg cannot write ${name}: ${report}`);
    }
    target.commit(options.isMadeDurable);
    return quantiser.clippedSampleCount;
  } catch (thrown) {
    target.abort();
    throw thrown;
  } finally {
    tags?.remove();
    cover?.remove();
  }
}

/** @throws ForgeError output/unsupported */
function refuseUnsupported(name: string, { container }: EncodeSpec, form: TargetForm): void {
  if (container === 'mp3' && form.channelCount > 2) {
    throw new ForgeError(
      'output/unsupported',
      `expected 1 or 2 channels for the MP3 ${name}, got ${form.channelCount}`,
      {
        hint: 'Choose --format wav, flac, m4a or opus.',
      },
    );
  }
}

function rawInputOptions({ sampleFormat, sampleRateHz, channelCount }: TargetForm): string[] {
  const format = sampleFormat.kind === 'float' ? `f${sampleFormat.bits}le` : `s${sampleFormat.bits}le`;
  return ['-f', format, '-ar', String(sampleRateHz), '-ac', String(channelCount)];
}

function encoderOptions(
  spec: EncodeSpec & { container: 'flac' | 'mp3' | 'm4a' | 'opus' },
  form: TargetForm,
): string[] {
  const { container } = spec;
  if (container === 'flac') {
    return form.sampleFormat.bits === 24
      ? ['-sample_fmt', 's32', '-bits_per_raw_sample', '24', '-compression_level', '8', '-f', 'flac']
      : ['-sample_fmt', 's16', '-compression_level', '8', '-f', 'flac'];
  }
  const bitrate = `${spec.bitrateKbps ?? usualBitrateKbps(container, form)}k`;
  switch (container) {
    case 'mp3':
      return ['-b:a', bitrate, '-id3v2_version', '3', '-write_id3v1', '1', '-f', 'mp3'];
    case 'm4a':
      return ['-b:a', bitrate, '-movflags', '+faststart', '-f', 'ipod'];
    case 'opus':
      return ['-b:a', bitrate, '-f', 'opus'];
  }
}

interface FrameReader {
  readonly frameCount: number;
  read(startFrame: number, into: AudioBlock): void;
}

interface BlockSource {
  /** Samples that rounding has clipped so far. */
  readonly clippedSampleCount: number;
  /** All blocks in order; each is valid until the next. */
  read(): AsyncGenerator<{ startFrame: number; block: AudioBlock }>;
}

/**
 * All frames, in float32 where that holds what the source is stored in, else in float64, which holds every format;
 * rounded already where the noise is shaped. Lets others run between blocks.
 */
function createBlockSource(reader: FrameReader, form: TargetForm, options: EncodeOptions): BlockSource {
  const { frameCount, channelCount, isShort, shapedSeed } = form;
  const shaper =
    shapedSeed === undefined
      ? undefined
      : createNoiseShaper(channelCount, form.sampleFormat.bits, shapedSeed);
  let clippedSampleCount = 0;
  return {
    get clippedSampleCount() {
      return clippedSampleCount;
    },
    async *read() {
      const buffers = createBlock(channelCount, isShort);
      for (let startFrame = 0; startFrame < frameCount; startFrame += BLOCK_FRAMES) {
        if (options.isCancelled?.()) throw new ForgeError('interrupted/by-user', 'interrupted while writing');
        const count = Math.min(BLOCK_FRAMES, frameCount - startFrame);
        const block = startOf(buffers, count);
        reader.read(startFrame, block);
        clippedSampleCount += shaper?.round(block, startFrame) ?? 0;
        yield { startFrame, block };
        options.onProgress?.((startFrame + count) / frameCount);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

function createBlock(channelCount: number, isShort: boolean): AudioBlock {
  return Array.from({ length: channelCount }, () =>
    isShort ? new Float32Array(BLOCK_FRAMES) : new Float64Array(BLOCK_FRAMES),
  ) as AudioBlock;
}

function startOf(block: AudioBlock, frames: number): AudioBlock {
  return block.map((samples) => samples.subarray(0, frames)) as AudioBlock;
}

/** All frames as the interleaved bytes that ffmpeg is given. */
async function* rawSamples(
  reader: FrameReader,
  form: TargetForm,
  quantiser: Quantiser,
  options: EncodeOptions,
): AsyncGenerator<Buffer> {
  const encoding = encodingFor(form.sampleFormat);
  const bytesPerFrame = BYTES_PER_SAMPLE[encoding] * form.channelCount;
  const blocks = createBlockSource(reader, form, options);
  for await (const { startFrame, block } of blocks.read()) {
    const count = block[0]!.length;
    // A buffer of its own for each block: the stream may hold several.
    const buffer = createSampleBuffer(count * bytesPerFrame);
    encodeSamples(block, 0, count, startFrame, encoding, buffer, quantiser);
    yield Buffer.from(buffer.bytes.buffer, 0, count * bytesPerFrame);
  }
  quantiser.clippedSampleCount += blocks.clippedSampleCount;
}
