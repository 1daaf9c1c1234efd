// Seeded noise and the two filters that the kit's voices are made of. Float64 throughout.

/** White noise in [−1, 1) by xorshift; the same seed gives the same noise. */
export class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed | 0, 0x9e3779b1) ^ 0x6d2b79f5) | 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x / 2147483648;
  }
}

/** A two-pole state variable filter (trapezoidal). @source A. Simper, "Linear Trapezoidal Integrated SVF", 2013 */
export class StateVariableFilter {
  readonly #g: number;
  readonly #k: number;
  readonly #a1: number;
  #ic1 = 0;
  #ic2 = 0;
  low = 0;
  band = 0;
  high = 0;

  constructor(cutoffHz: number, q: number, sampleRateHz: number) {
    this.#g = Math.tan(Math.PI * Math.min(0.49, cutoffHz / sampleRateHz));
    this.#k = 1 / q;
    this.#a1 = 1 / (1 + this.#g * (this.#g + this.#k));
  }

  /** Takes a sample in; `low`, `band` and `high` hold what comes out. */
  push(input: number): void {
    const v3 = input - this.#ic2;
    const v1 = this.#a1 * (this.#ic1 + this.#g * v3);
    const v2 = this.#ic2 + this.#g * v1;
    this.#ic1 = 2 * v1 - this.#ic1;
    this.#ic2 = 2 * v2 - this.#ic2;
    this.low = v2;
    this.band = v1;
    this.high = input - this.#k * v1 - v2;
  }
}

/** Per-sample factor of an exponential that falls by 60 dB in `decayMs`. */
export function decayPerSample(decayMs: number, sampleRateHz: number): number {
  return 10 ** (-3 / ((decayMs / 1000) * sampleRateHz));
}
