// Transform lengths that the FFT does quickly.

/** The smallest even number ≥ `minimum` that has no prime factor above 5. */
export function fastTransformSize(minimum: number): number {
  for (let size = Math.max(2, minimum + (minimum % 2)); ; size += 2) {
    let rest = size;
    for (const prime of [2, 3, 5]) while (rest % prime === 0) rest /= prime;
    if (rest === 1) return size;
  }
}
