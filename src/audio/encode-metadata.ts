// Tags and cover as files that ffmpeg takes in beside the audio: too long for a command line, and safe from it.
// Ogg keeps its cover as a tag (METADATA_BLOCK_PICTURE); the other containers take it as a stream.
import fs from 'node:fs';
import { createAtomicFile } from './atomic-file.js';
import type { AudioTags, CoverArt } from './tags.js';

export interface SideFile {
  readonly path: string;
  remove(): void;
}

/** The tags in ffmpeg's text format, beside the target; null where there are none. */
export function metadataFile(
  targetPath: string,
  { tags, cover }: AudioTags,
  container: string,
): SideFile | null {
  const lines = Object.entries(tags).map(([name, text]) => `${escapeText(name)}=${escapeText(text)}`);
  if (container === 'opus' && cover !== null && demuxerOf(cover) !== null) {
    lines.push(`METADATA_BLOCK_PICTURE=${escapeText(pictureBlock(cover))}`);
  }
  return lines.length === 0
    ? null
    : sideFile(targetPath, Buffer.from(`;FFMETADATA1\n${lines.join('\n')}\n`, 'utf8'));
}

/** The cover picture beside the target; null where there is none, or where the container takes it otherwise. */
export function coverFile(
  targetPath: string,
  { cover }: AudioTags,
  container: string,
): (SideFile & { readonly demuxer: string }) | null {
  const demuxer = cover === null ? null : demuxerOf(cover);
  if (cover === null || demuxer === null || container === 'opus') return null;
  return { ...sideFile(targetPath, cover.data), demuxer };
}

function demuxerOf({ mimeType }: CoverArt): string | null {
  if (/jpe?g/.test(mimeType)) return 'jpeg_pipe';
  return mimeType.includes('png') ? 'png_pipe' : null;
}

function sideFile(targetPath: string, bytes: Uint8Array): SideFile {
  const file = createAtomicFile(targetPath);
  fs.writeFileSync(file.fd, bytes);
  return { path: file.temporaryPath, remove: file.abort };
}

function escapeText(text: string): string {
  return text.replace(/[=;#\\\n]/g, '\\$&').replaceAll('\r', '');
}

/** A FLAC picture block in base64: kind 3 (front cover), type, no description, sizes left unknown. */
function pictureBlock({ mimeType, data }: CoverArt): string {
  const type = Buffer.from(mimeType, 'latin1');
  const head = Buffer.alloc(8 + type.length + 24);
  head.writeUInt32BE(3, 0);
  head.writeUInt32BE(type.length, 4);
  type.copy(head, 8);
  head.writeUInt32BE(data.length, head.length - 4);
  return Buffer.concat([head, data]).toString('base64');
}
