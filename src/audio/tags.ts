// Tags and cover pictures of any audio file, read by music-metadata under one set of names (ffmpeg's).
// Writing them is encode.ts's matter. A file whose tags can't be read has none: tags never make a file fail.
import type { IPicture } from 'music-metadata';
import { inputError } from './input-file.js';

export interface AudioTags {
  /** By ffmpeg's names: title, artist, album, album_artist, date, track, disc, genre, comment, composer … */
  readonly tags: Readonly<Record<string, string>>;
  readonly cover: CoverArt | null;
}

export interface CoverArt {
  /** Such as `image/jpeg`. */
  readonly mimeType: string;
  readonly data: Uint8Array;
}

/**
 * Reads the tags of a file; nothing where there are none or where they can't be read.
 * @throws ForgeError input/not-found, input/unreadable where the file has gone
 */
export async function readTags(path: string): Promise<AudioTags> {
  const [{ parseFromTokenizer }, { fromFile }] = await Promise.all([
    import('music-metadata'),
    import('strtok3'),
  ]);
  const tokenizer = await fromFile(path).catch((thrown: unknown) => {
    throw inputError(thrown, path);
  });
  delete tokenizer.fileInfo.path;
  try {
    const { common, native } = await parseFromTokenizer(tokenizer, { duration: false });
    const tags: Record<string, string> = {};
    for (const [key, value] of Object.entries(common)) {
      if (DROPPED.has(key) || key.startsWith('replaygain')) continue;
      const text = Array.isArray(value) ? value.map(textOf).join('; ') : textOf(value);
      if (text !== '') tags[FFMPEG_NAMES[key] ?? key] = text;
    }
    for (const { id, value } of Object.values(native).flat()) {
      const name = /^(?:TXXX:|----:com\.apple\.iTunes:)(.+)$/.exec(id)?.[1]?.toLowerCase();
      if (name === undefined || name in tags || UNTRUE_ELSEWHERE.test(name)) continue;
      const text = textOf(value);
      if (text !== '') tags[name] = text;
    }
    tags.date ??= tags.year ?? '';
    delete tags.year;
    if (tags.date === '') delete tags.date;
    const picture: IPicture | undefined =
      common.picture?.find(({ type }) => type === 'Cover (front)') ?? common.picture?.[0];
    return {
      tags,
      cover: picture === undefined ? null : { mimeType: picture.format, data: picture.data },
    };
  } catch {
    return { tags: {}, cover: null };
  } finally {
    await tokenizer.close();
  }
}

/** What does not hold for another file, or is no text. */
const DROPPED = new Set([
  'picture',
  'gapless',
  'encodedby',
  'encodersettings',
  'averageLevel',
  'peakLevel',
  'rating',
  'artists',
]);

/** Names of free-form tags that speak of the very file. */
const UNTRUE_ELSEWHERE = /^(replaygain|itun|encod|mp3gain|major_brand|minor_version|compatible_brands)/;

/** Where music-metadata's name is not ffmpeg's. */
const FFMPEG_NAMES: Readonly<Record<string, string>> = {
  albumartist: 'album_artist',
  disk: 'disc',
  label: 'publisher',
};

/** A value as one line of text: `3/12` of a track number, the text of a comment; empty where there is nothing. */
function textOf(value: unknown): string {
  if (value === undefined || value === null || value === false) return '';
  if (value === true) return '1';
  if (typeof value !== 'object') return String(value).replaceAll('\u0000', '').trim();
  if ('text' in value) return textOf(value.text);
  if ('no' in value) {
    const total = 'of' in value ? textOf(value.of) : '';
    return total === '' ? textOf(value.no) : `${textOf(value.no)}/${total}`;
  }
  return '';
}
