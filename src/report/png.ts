// A picture of bytes as a PNG with a palette: small, and drawn by every browser. One byte a pixel, one palette of the
// project's own from black through violet and orange to light yellow.
import { deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PALETTE_COLOUR = 3;
/** Stops of the palette: place, red, green, blue. */
const STOPS = [
  [0, 8, 8, 20],
  [60, 48, 18, 96],
  [110, 126, 32, 112],
  [160, 206, 66, 72],
  [205, 246, 142, 44],
  [255, 252, 240, 170],
] as const;

/** `pixels` row by row from the top, `width` × `height`, as a data URI. */
export function pngDataUri(pixels: Uint8Array, width: number, height: number): string {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, PALETTE_COLOUR], 8);
  const lines = Buffer.alloc(height * (width + 1));
  for (let row = 0; row < height; row++) {
    lines.set(pixels.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  }
  const png = Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', palette()),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return `data:image/png;base64,${png.toString('base64')}`;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** As zlib's own, which Node 20.0 does not offer. @source PNG (ISO/IEC 15948), annex D */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function palette(): Buffer {
  const colours = Buffer.alloc(3 * 256);
  for (let value = 0; value < 256; value++) {
    const next = Math.max(
      1,
      STOPS.findIndex(([place]) => place >= value),
    );
    const [from, to] = [STOPS[next - 1]!, STOPS[next]!];
    const share = (value - from[0]) / (to[0] - from[0]);
    for (const part of [1, 2, 3] as const) {
      colours[3 * value + part - 1] = Math.round(from[part] + share * (to[part] - from[part]));
    }
  }
  return colours;
}
