// A voice that is made, not recorded: syllables of a gliding pulse train through two moving formants, with noise for
// consonants. Simple, and speech enough for the detectors. Deterministic; made at 16 kHz and converted.
import { resampleBlock } from '../../src/dsp/resample.js';

/** Seconds of speech within a signal. */
export type Spans = readonly (readonly [number, number])[];

const RATE_HZ = 16000;

/** Mono samples of `durationSec` with speech in the spans and silence elsewhere. */
export function makeVoice(
  durationSec: number,
  sampleRateHz: number,
  spans: Spans,
  level = 0.25,
): Float32Array {
  const made = speak(durationSec, spans, level);
  if (sampleRateHz === RATE_HZ) return made;
  return resampleBlock([made], RATE_HZ, sampleRateHz)[0]!.slice(0, Math.round(durationSec * sampleRateHz));
}

function speak(durationSec: number, spans: Spans, level: number): Float32Array {
  const samples = new Float32Array(Math.round(durationSec * RATE_HZ));
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 31 - 1;
  };
  for (const [startSec, endSec] of spans) {
    const first = Math.round(startSec * RATE_HZ);
    const end = Math.min(samples.length, Math.round(endSec * RATE_HZ));
    const formants = [0, 1, 2].map(() => new Float64Array(2));
    let phase = 0;
    for (let n = first; n < end; n++) {
      const time = (n - first) / RATE_HZ;
      const syllable = Math.floor(time * 4.3);
      const inside = time * 4.3 - syllable;
      const pitchHz = 125 + 22 * Math.sin(2 * Math.PI * 0.7 * time) - 25 * inside + 9 * (syllable % 3);
      phase += pitchHz / RATE_HZ;
      const isPulse = phase >= 1;
      if (isPulse) phase -= 1;
      const isConsonant = inside < 0.18;
      const voiced = isPulse && !isConsonant ? Math.sqrt(RATE_HZ / pitchHz) : 0;
      const noise = random() * (isConsonant ? 0.5 : 0.02);
      const centres = [
        [700, 1200, 2500],
        [300, 2200, 2900],
        [500, 900, 2400],
        [400, 1800, 2600],
      ][(syllable * 7) % 4]!;
      let value = isConsonant ? noise * 0.5 : 0;
      for (const [k, state] of formants.entries()) {
        const radius = Math.exp((-Math.PI * (80 + 40 * k)) / RATE_HZ);
        const angle = (2 * Math.PI * centres[k]!) / RATE_HZ;
        const out =
          (voiced + noise) * (1 - radius) * 3 +
          2 * radius * Math.cos(angle) * state[0]! -
          radius * radius * state[1]!;
        state[1] = state[0]!;
        state[0] = out;
        value += out / (1 + k);
      }
      const swell = Math.min(1, 8 * (1 - inside)) * (0.75 + 0.25 * Math.sin(Math.PI * inside));
      samples[n] = level * swell * value;
    }
  }
  let peak = 0;
  for (const value of samples) peak = Math.max(peak, Math.abs(value));
  const scale = peak > 0 ? (2 * level) / peak : 0;
  return samples.map((value) => scale * value);
}
