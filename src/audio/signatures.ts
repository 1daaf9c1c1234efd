// The first bytes of formats that forge does not decode itself: names them where no ffmpeg is there to do so, and
// recognises playlists, which are never followed.

interface Signature {
  readonly name: string;
  readonly offset: number;
  /** Latin-1. */
  readonly bytes: string;
}

const FORMATS: readonly Signature[] = [
  { name: 'AIFF', offset: 8, bytes: 'AIFF' },
  { name: 'AIFF-C', offset: 8, bytes: 'AIFC' },
  { name: 'big-endian WAV', offset: 0, bytes: 'RIFX' },
  { name: 'AVI', offset: 8, bytes: 'AVI ' },
  { name: 'WavPack', offset: 0, bytes: 'wvpk' },
  { name: "Monkey's Audio", offset: 0, bytes: 'MAC ' },
  { name: 'True Audio', offset: 0, bytes: 'TTA1' },
  { name: 'Musepack', offset: 0, bytes: 'MPCK' },
  { name: 'Musepack', offset: 0, bytes: 'MP+' },
  { name: 'Sun audio', offset: 0, bytes: '.snd' },
  { name: 'Core Audio', offset: 0, bytes: 'caff' },
  { name: 'AMR', offset: 0, bytes: '#!AMR' },
  { name: 'DSD', offset: 0, bytes: 'DSD ' },
  { name: 'DSDIFF', offset: 0, bytes: 'FRM8' },
  { name: 'Windows Media', offset: 0, bytes: '\x30\x26\xb2\x75\x8e\x66\xcf\x11' },
  { name: 'Matroska or WebM', offset: 0, bytes: '\x1a\x45\xdf\xa3' },
  { name: 'Flash video', offset: 0, bytes: 'FLV' },
  { name: 'Dolby Digital', offset: 0, bytes: '\x0b\x77' },
  { name: 'AAC (ADTS)', offset: 0, bytes: '\xff\xf1' },
  { name: 'AAC (ADTS)', offset: 0, bytes: '\xff\xf9' },
  { name: 'AAC (ADIF)', offset: 0, bytes: 'ADIF' },
];

const PLAYLISTS: readonly Signature[] = [
  { name: 'M3U', offset: 0, bytes: '#EXTM3U' },
  { name: 'PLS', offset: 0, bytes: '[playlist]' },
  { name: 'ffconcat', offset: 0, bytes: 'ffconcat' },
  { name: 'CUE', offset: 0, bytes: 'REM ' },
  { name: 'CUE', offset: 0, bytes: 'FILE "' },
];

/** The format whose first bytes these are, of those that only ffmpeg reads; null for others. */
export function nameOfFormat(start: Uint8Array): string | null {
  return match(FORMATS, start);
}

/** The kind of playlist whose first bytes these are; null for anything else. */
export function playlistName(start: Uint8Array): string | null {
  const hasMark = start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf;
  return match(PLAYLISTS, hasMark ? start.subarray(3) : start);
}

function match(signatures: readonly Signature[], start: Uint8Array): string | null {
  const text = Buffer.from(start).toString('latin1');
  return signatures.find(({ offset, bytes }) => text.startsWith(bytes, offset))?.name ?? null;
}
