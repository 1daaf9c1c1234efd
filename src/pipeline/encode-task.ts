// Makes one deliverable file from audio on disk: in a worker thread, or part by part in several.
import { decodeAudio } from '../audio/decode.js';
import { encodeAudio, encodePart, type WavPart } from '../audio/encode.js';
import { type AudioInfo, probeAudio } from '../audio/probe.js';
import { openWav } from '../audio/wav-reader.js';
import type { EncodePart, EncodeReply, EncodeRequest } from './executor.js';
import type { WrittenForm } from './stage.js';

/**
 * Writes the file (whole or not at all) and, where asked, decodes it again for measuring. `writePart` writes the parts of
 * a divisible file elsewhere, by encodeDeliverablePart.
 */
export async function encodeDeliverable(
  request: EncodeRequest,
  writePart?: (part: EncodePart) => Promise<number>,
): Promise<EncodeReply> {
  const startedMs = performance.now();
  const { tolerateDamage } = request;
  const source = openWav(request.source.path, { tolerateDamage });
  let clippedSampleCount: number;
  try {
    const written = await encodeAudio(source, request.targetPath, request.spec, {
      ...(request.metadataFrom === undefined ? {} : { metadataFrom: request.metadataFrom }),
      seed: request.seed,
      sourceSampleFormat: request.source.sampleFormat,
      isMadeDurable: request.isMadeDurable ?? true,
      ...(writePart === undefined
        ? {}
        : { writePart: (part: WavPart) => writePart({ source: request.source, tolerateDamage, part }) }),
    });
    clippedSampleCount = written.clippedSampleCount;
  } finally {
    source.close();
  }
  const shape = { ...request.source, readablePath: request.targetPath };
  let form: WrittenForm | undefined;
  if (request.decodeInto !== undefined) {
    const info = await probeAudio(request.targetPath);
    const decoded = await decodeAudio(info, { scratchDir: request.decodeInto, tolerateDamage: false });
    Object.assign(shape, decoded.shape, { readablePath: decoded.path });
    form = formOf(info);
  }
  return {
    clippedSampleCount,
    readablePath: shape.readablePath,
    sampleRateHz: shape.sampleRateHz,
    channelCount: shape.channelCount,
    frameCount: shape.frameCount,
    ...(form === undefined ? {} : { form }),
    busyMs: performance.now() - startedMs,
  };
}

/** Gives how many samples of the part did not fit. */
export function encodeDeliverablePart({ source, tolerateDamage, part }: EncodePart): number {
  const reader = openWav(source.path, { tolerateDamage });
  try {
    return encodePart(reader, part);
  } finally {
    reader.close();
  }
}

/** Containers by the probe's names, where a delivery calls them otherwise. */
const CONTAINER_NAMES: Readonly<Record<string, string>> = {
  rf64: 'wav',
  mp4: 'm4a',
  mov: 'm4a',
  ogg: 'opus',
};

function formOf(info: AudioInfo): WrittenForm {
  const { container, sampleRateHz, channelCount, isLossy, sampleFormat } = info;
  return {
    container: CONTAINER_NAMES[container] ?? container,
    sampleRateHz,
    channelCount,
    bitDepth: isLossy ? null : sampleFormat.bits,
    bitrateKbps: isLossy ? (info.bitrateKbps ?? null) : null,
    isConstantBitrate: info.isConstantBitrate ?? null,
  };
}
