// Linear-phase low-pass filters: a sinc under a Kaiser window.

/**
 * Taps from the middle outwards of a low pass of 2·half + 1 taps: index 0 is the middle one. The gain at 0 Hz is 1.
 * `cutoff` is in cycles per sample (the −6 dB point), `stopBandDb` the depth that the window is shaped for.
 * @source Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974
 */
export function kaiserLowPass(half: number, cutoff: number, stopBandDb: number): Float64Array {
  const beta = 0.1102 * (stopBandDb - 8.7);
  const taps = Float64Array.from({ length: half + 1 }, (_, k) => {
    const sinc = k === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * k) / (Math.PI * k);
    return (sinc * besselI0(beta * Math.sqrt(1 - (k / (half + 1)) ** 2))) / besselI0(beta);
  });
  const sum = taps.reduce((total, tap, k) => total + (k === 0 ? tap : 2 * tap), 0);
  return taps.map((tap) => tap / sum);
}

function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
