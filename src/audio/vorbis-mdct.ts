// The inverse MDCT of Vorbis: a DCT-IV by a complex FFT of a quarter of the block, unfolded to the block's length.
// Float64 throughout; one plan per block size. @source Vorbis I, clause 4.3.7; Malvar, "Signal Processing with Lapped
// Transforms", 1992 (DCT-IV by FFT)

export interface InverseMdct {
  /** Transforms `coefficients` (half a block) into `block` (a whole one), without scaling. */
  run(coefficients: Float64Array, block: Float64Array): void;
}

/** A plan for blocks of `size` frames, a power of two from 64 to 8192. */
export function createInverseMdct(size: number): InverseMdct {
  const half = size / 2;
  const quarter = size / 4;
  const twiddleRe = new Float64Array(quarter);
  const twiddleIm = new Float64Array(quarter);
  const rootRe = new Float64Array(quarter / 2);
  const rootIm = new Float64Array(quarter / 2);
  for (let i = 0; i < quarter; i++) {
    twiddleRe[i] = Math.cos((-Math.PI * (8 * i + 1)) / (8 * half));
    twiddleIm[i] = Math.sin((-Math.PI * (8 * i + 1)) / (8 * half));
  }
  for (let i = 0; i < quarter / 2; i++) {
    rootRe[i] = Math.cos((-2 * Math.PI * i) / quarter);
    rootIm[i] = Math.sin((-2 * Math.PI * i) / quarter);
  }
  const bits = Math.log2(quarter);
  const reversed = Uint16Array.from({ length: quarter }, (_, i) => {
    let value = 0;
    for (let bit = 0; bit < bits; bit++) value |= ((i >> bit) & 1) << (bits - 1 - bit);
    return value;
  });
  const re = new Float64Array(quarter);
  const im = new Float64Array(quarter);
  const folded = new Float64Array(half);

  function transform(): void {
    for (let span = 1; span < quarter; span *= 2) {
      const stride = quarter / (2 * span);
      for (let start = 0; start < quarter; start += 2 * span) {
        for (let i = 0; i < span; i++) {
          const a = start + i;
          const b = a + span;
          const wRe = rootRe[i * stride]!;
          const wIm = rootIm[i * stride]!;
          const bRe = re[b]! * wRe - im[b]! * wIm;
          const bIm = re[b]! * wIm + im[b]! * wRe;
          re[b] = re[a]! - bRe;
          im[b] = im[a]! - bIm;
          re[a]! += bRe;
          im[a]! += bIm;
        }
      }
    }
  }

  return {
    run(coefficients, block) {
      for (let i = 0; i < quarter; i++) {
        const a = coefficients[2 * i]!;
        const b = coefficients[half - 1 - 2 * i]!;
        const to = reversed[i]!;
        re[to] = a * twiddleRe[i]! - b * twiddleIm[i]!;
        im[to] = a * twiddleIm[i]! + b * twiddleRe[i]!;
      }
      transform();
      for (let i = 0; i < quarter; i++) {
        folded[2 * i] = re[i]! * twiddleRe[i]! - im[i]! * twiddleIm[i]!;
        folded[half - 1 - 2 * i] = -(re[i]! * twiddleIm[i]! + im[i]! * twiddleRe[i]!);
      }
      for (let i = 0; i < quarter; i++) {
        block[i] = folded[i + quarter]!;
        block[half + quarter + i] = -folded[i]!;
      }
      for (let i = 0; i < half; i++) block[quarter + i] = -folded[half - 1 - i]!;
    },
  };
}
