// Scale-invariant signal-to-distortion ratio, as the separation and denoising literature measures it.

/** SI-SDR of an estimate against its reference in dB, means removed. @source Le Roux et al. 2019 */
export function scaleInvariantSdrDb(
  reference: Float32Array | Float64Array,
  estimate: Float32Array | Float64Array,
): number {
  const length = Math.min(reference.length, estimate.length);
  const meanOf = (samples: Float32Array | Float64Array) => {
    let sum = 0;
    for (let n = 0; n < length; n++) sum += samples[n]!;
    return sum / length;
  };
  const referenceMean = meanOf(reference);
  const estimateMean = meanOf(estimate);
  let cross = 0;
  let power = 0;
  for (let n = 0; n < length; n++) {
    const r = reference[n]! - referenceMean;
    cross += r * (estimate[n]! - estimateMean);
    power += r * r;
  }
  const scale = cross / power;
  let error = 0;
  for (let n = 0; n < length; n++) {
    error += (estimate[n]! - estimateMean - scale * (reference[n]! - referenceMean)) ** 2;
  }
  return 10 * Math.log10((scale * scale * power) / error);
}
