// Inputs that mastering tools stumble over, made from sines, noise and bursts: all deterministic.
export interface MasterInput {
  readonly name: string;
  readonly sampleRateHz: number;
  readonly channels: readonly Float32Array[];
}

/** Twelve signals of 12 s (3 s where it says so). */
export function masterInputs(): MasterInput[] {
  const rate = 44_100;
  const music = song(12 * rate, rate);
  const scale = (channels: readonly Float32Array[], gainDb: number) =>
    channels.map((samples) => samples.map((x) => x * 10 ** (gainDb / 20)));
  const clip = (channels: readonly Float32Array[], gainDb: number) =>
    scale(channels, gainDb).map((samples) => samples.map((x) => Math.max(-1, Math.min(0.99999, x))));
  const click = new Float32Array(12 * rate);
  click[5 * rate] = 0.9;
  const at = (name: string, channels: readonly Float32Array[], sampleRateHz = rate) => ({
    name,
    channels,
    sampleRateHz,
  });
  return [
    at('quiet and dynamic', scale(music, -22)),
    at('dense', clip(scale(music, 9), 3)),
    at('speech', speech(12 * rate, rate)),
    at('mono', [music[0]!]),
    at('8 kHz', song(12 * 8000, 8000), 8000),
    at('96 kHz', song(12 * 96_000, 96_000), 96_000),
    at('silence with one click', [click, click]),
    at('-60 dBFS', scale(music, -54)),
    at('clipped', clip(music, 14)),
    at(
      '3 s',
      music.map((samples) => samples.slice(0, 3 * rate)),
    ),
    at('one-sided', [music[0]!, new Float32Array(12 * rate)]),
    at('out of phase', [music[0]!, music[0]!.map((x) => -x)]),
  ];
}

/** Uniform noise in ±1. */
export function noise(frames: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length: frames }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

/** A chord, a kick and a snare over a swell, in stereo. */
export function song(frames: number, sampleRateHz: number): Float32Array[] {
  const hiss = [noise(frames, 1), noise(frames, 2)];
  return hiss.map((own, channel) =>
    Float32Array.from({ length: frames }, (_, i) => {
      const t = i / sampleRateHz;
      const beat = t % 0.5;
      const root = [110, 146.83, 98][Math.floor(t / 2) % 3]!;
      const chord = [1, 2.5, 4, 6, 9].reduce(
        (sum, ratio, k) => sum + Math.sin(2 * Math.PI * root * ratio * t + k * channel) / (k + 1),
        0,
      );
      const kick = Math.exp(-beat * 30) * Math.sin(2 * Math.PI * (50 + 100 * Math.exp(-beat * 60)) * beat);
      const snare = Math.exp(-((t + 0.25) % 0.5) * 40) * own[i]!;
      const swell = 0.5 + 0.5 * Math.sin((2 * Math.PI * t) / 7);
      return 0.5 * (0.2 * swell * chord + 0.6 * kick + 0.3 * snare);
    }),
  );
}

/** Syllables of a buzzing source through two resonances, with pauses. */
function speech(frames: number, sampleRateHz: number): Float32Array[] {
  const breath = noise(frames, 3);
  const out = Float32Array.from({ length: frames }, (_, i) => {
    const t = i / sampleRateHz;
    const isWord = t % 1.7 < 1.1;
    const syllable = isWord ? Math.max(0, Math.sin(2 * Math.PI * 4 * t)) ** 2 : 0;
    const pitch = 120 + 15 * Math.sin(2 * Math.PI * 0.7 * t);
    let voice = 0;
    for (let k = 1; k <= 24; k++) {
      const f = k * pitch;
      const formants =
        Math.exp(-(((f - 500) / 250) ** 2)) + 0.5 * Math.exp(-(((f - 1500) / 400) ** 2)) + 0.05;
      voice += formants * Math.sin(2 * Math.PI * k * 120 * t + k);
    }
    return 0.05 * syllable * voice + 0.0005 * breath[i]!;
  });
  return [out, out];
}
