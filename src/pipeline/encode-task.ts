// Makes one deliverable file from audio on disk, in a worker thread.
import { decodeAudio } from '../audio/decode.js';
import { encodeAudio } from '../audio/encode.js';
import { type AudioInfo, probeAudio } from '../audio/probe.js';
import { openWav } from '../audio/wav-reader.js';
import type { EncodeReply, EncodeRequest } from './executor.js';
import type { WrittenForm } from './stage.js';

/** Writes the file (whole or not at all) and, where asked, decodes it again for measuring. */
export async function encodeDeliverable(request: EncodeRequest): Promise<EncodeReply> {
  const startedMs = performance.now();
  const source = openWav(request.source.path, { tolerateDamage: request.tolerateDamage });
  let clippedSampleCount: number;
  try {
    const written = await encodeAudio(source, request.targetPath, request.spec, {
      ...(request.metadataFrom === undefined ? {} : { metadataFrom: request.metadataFrom }),
      seed: request.seed,
      sourceSampleFormat: request.source.sampleFormat,
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
