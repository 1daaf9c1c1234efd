// Test material: something like speech, something like music, and noise, all made from numbers.

/** White noise in ±1 · peak, the same for the same seed. */
export function whiteNoise(frames: number, levelDbfs: number, seed = 1): Float64Array {
  let state = seed;
  const peak = 10 ** (levelDbfs / 20) * Math.sqrt(3);
  return Float64Array.from({ length: frames }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (peak * state) / 2 ** 31;
  });
}

/** Syllables of a voice of changing pitch, four a second, with a pause after every few: levels span as in speech. */
export function speechLike(frames: number, sampleRateHz: number): Float64Array {
  const out = new Float64Array(frames);
  let phase = 0;
  for (let n = 0; n < frames; n++) {
    const sec = n / sampleRateHz;
    const syllable = Math.floor(sec * 4);
    const pitchHz = 110 + 40 * Math.sin(sec * 1.7) + 10 * (syllable % 3);
    phase += (2 * Math.PI * pitchHz) / sampleRateHz;
    if (syllable % 6 >= 4) continue;
    const within = sec * 4 - syllable;
    const envelope = Math.sin(Math.PI * within) ** 2;
    let sum = 0;
    for (let k = 1; k <= 24; k++) {
      if (k * pitchHz > sampleRateHz / 2.2) break;
      sum += Math.sin(k * phase) / (k * (1 + (k * pitchHz) / 3000));
    }
    out[n] = 0.2 * envelope * sum;
  }
  return out;
}

/** Chords of decaying notes every half second over a bass, with drum hits: no steady noise anywhere. */
export function musicLike(frames: number, sampleRateHz: number): Float64Array {
  const out = new Float64Array(frames);
  const hit = whiteNoise(sampleRateHz, -6, 77);
  for (let n = 0; n < frames; n++) {
    const sec = n / sampleRateHz;
    const beat = Math.floor(sec * 2);
    const within = sec - beat / 2;
    const rootHz = [220, 174.6, 261.6, 196][Math.floor(beat / 4) % 4]!;
    let sum = 0;
    for (const ratio of [0.5, 1, 1.26, 1.5]) {
      for (let k = 1; k <= 6; k++) {
        sum += (Math.exp(-within * 3 * k) / k) * Math.sin(2 * Math.PI * rootHz * ratio * k * within);
      }
    }
    const drum = hit[Math.floor(within * sampleRateHz)]! * Math.exp(-within * 30);
    // Notes end without a step: a step would be a click.
    out[n] = 0.08 * sum * (1 - 2 * within) + 0.3 * drum;
  }
  return out;
}

export const sumOf = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, n) => value + b[n]!);
export const differenceOf = (a: Float32Array | Float64Array, b: Float32Array | Float64Array): Float64Array =>
  Float64Array.from(a, (value, n) => value - b[n]!);

/** 10·lg of the mean square. */
export function levelDbfs(samples: Float32Array | Float64Array): number {
  let energy = 0;
  for (const value of samples) energy += value * value;
  return 10 * Math.log10(energy / samples.length);
}

/** Whether two sets of channels have the same bytes; cheap where a failing toEqual would print every sample. */
export function isSameAudio(
  a: readonly (Float32Array | Float64Array)[],
  b: readonly (Float32Array | Float64Array)[],
): boolean {
  const bytesOf = (samples: Float32Array | Float64Array) =>
    Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return a.length === b.length && a.every((samples, n) => bytesOf(samples).equals(bytesOf(b[n]!)));
}
