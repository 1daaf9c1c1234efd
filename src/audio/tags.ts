// Tags and cover pictures of any audio file, read by music-metadata under one set of names (ffmpeg's).
// Writing them is encode.ts's matter. A file whose tags can't be read has none: tags never make a file fail.
import type { IPicture } from 'music-metadata';

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
 * @param mimeType of its content, since its extension is not trusted; found from the content where it is left out
 */
export async function readTags(path: string, mimeType?: string): Promise<AudioTags> {
  const [{ parseFromTokenizer }, { fromFile }] = await Promise.all([
    import('music-metadata'),
    import('strtok3'),
  ]);
  const tokenizer = await fromFile(path);
  delete tokenizer.fileInfo.path;
  if (mimeType !== undefined) tokenizer.fileInfo.mimeType = mimeType;
  try {
    const { common } = await parseFromTokenizer(tokenizer, { duration: false });
    const tags: Record<string, string> = {};
    const put = (name: string, value: unknown) => {
      const text = Array.isArray(value) ? value.map(textOf).join('; ') : textOf(value);
      if (text !== '') tags[name] = text;
    };
    put('title', common.title);
    put('artist', common.artist);
    put('album', common.album);
    put('album_artist', common.albumartist);
    put('composer', common.composer);
    put('genre', common.genre);
    put('date', common.date ?? common.year);
    put('track', fraction(common.track));
    put('disc', fraction(common.disk));
    put('comment', common.comment);
    put('copyright', common.copyright);
    put('encoded_by', common.encodedby);
    put('publisher', common.label);
    put('isrc', common.isrc);
    put('bpm', common.bpm);
    put('lyrics', common.lyrics);
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

function fraction(part: { no: number | null; of: number | null }): string {
  if (part.no === null) return '';
  return part.of === null ? String(part.no) : `${part.no}/${part.of}`;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object' && 'text' in value) return textOf((value as { text: unknown }).text);
  return String(value).replaceAll('\u0000', '').trim();
}
