// Signals that tests are made from. Everything is deterministic.

/** White noise, uniform in ±amplitude. */
export function noise(frames: number, seed: number, amplitude = 1): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length: frames }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return amplitude * ((state / 2 ** 32) * 2 - 1);
  });
}

/** A sine of a peak amplitude. */
export function sine(
  frames: number,
  frequencyHz: number,
  sampleRateHz: number,
  amplitude = 1,
  phaseRad = 0,
): Float32Array {
  const step = (2 * Math.PI * frequencyHz) / sampleRateHz;
  return Float32Array.from({ length: frames }, (_, i) => amplitude * Math.sin(step * i + phaseRad));
}

/** Something like music: a few notes with decays over noise bursts, different in both channels. */
export function musicLike(frames: number, sampleRateHz: number, seed = 1, amplitude = 0.5): Float32Array[] {
  const hiss = [noise(frames, seed), noise(frames, seed + 1)];
  return [0, 1].map((channel) => {
    const out = new Float32Array(frames);
    for (let i = 0; i < frames; i++) {
      const t = i / sampleRateHz;
      const beat = t % 0.5;
      const chord = Math.floor(t / 2) % 3;
      const root = [110, 146.83, 98][chord]!;
      const tone =
        Math.sin(2 * Math.PI * root * t) +
        0.5 * Math.sin(2 * Math.PI * root * 2.5 * t + channel) +
        0.3 * Math.sin(2 * Math.PI * root * 4 * t + 2 * channel);
      const kick = Math.exp(-beat * 30) * Math.sin(2 * Math.PI * (50 + 100 * Math.exp(-beat * 60)) * beat);
      const snare = Math.exp(-((t + 0.25) % 0.5) * 40) * hiss[channel]![i]!;
      const swell = 0.6 + 0.4 * Math.sin((2 * Math.PI * t) / 7);
      out[i] = amplitude * (0.25 * swell * tone + 0.6 * kick + 0.3 * snare);
    }
    return out;
  });
}

/** A file in memory, as meters read it. */
export function sourceOf(channels: readonly Float32Array[]): {
  channelCount: number;
  frameCount: number;
  read(startFrame: number, into: readonly Float32Array[]): void;
} {
  const frameCount = channels[0]!.length;
  return {
    channelCount: channels.length,
    frameCount,
    read(startFrame, into) {
      for (const [channel, target] of into.entries()) {
        for (let i = 0; i < target.length; i++) target[i] = channels[channel]![startFrame + i] ?? 0;
      }
    },
  };
}
