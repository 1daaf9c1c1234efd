// How close a stem is to the true one, for tests and benchmarks.

/**
 * SI-SDR in dB of an estimate, all channels as one vector, means taken out.
 * @source Le Roux et al., SDR - half-baked or well done?, ICASSP 2019
 */
export function siSdrDb(reference: readonly Float32Array[], estimate: readonly Float32Array[]): number {
  const count = reference.length * reference[0]!.length;
  const meanOf = (channels: readonly Float32Array[]) =>
    channels.reduce((total, samples) => samples.reduce((sum, sample) => sum + sample, total), 0) / count;
  const wantedMean = meanOf(reference);
  const givenMean = meanOf(estimate);
  let cross = 0;
  let wanted = 0;
  let given = 0;
  for (const [channel, samples] of reference.entries()) {
    const others = estimate[channel]!;
    for (let i = 0; i < samples.length; i++) {
      const own = samples[i]! - wantedMean;
      const other = others[i]! - givenMean;
      cross += own * other;
      wanted += own * own;
      given += other * other;
    }
  }
  const explained = (cross * cross) / wanted;
  return 10 * Math.log10(explained / (given - explained));
}

/** Sum of signals of one shape. */
export function sumOf(...parts: (readonly Float32Array[])[]): Float32Array[] {
  return parts[0]!.map((samples, channel) =>
    samples.map((_, i) => parts.reduce((total, part) => total + part[channel]![i]!, 0)),
  );
}
