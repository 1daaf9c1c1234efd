// Random numbers that depend on nothing but a seed and a name: a counter hashed by murmur3's finaliser.
// Two streams of different names are independent, so a part can be made again without touching the rest.

/** A stream of random numbers. */
export class Random {
  readonly #key: number;
  #counter = 0;
  #spareNormal: number | undefined;

  /** `stream` names what the numbers are for; the same seed and stream give the same numbers. */
  constructor(seed: number, ...stream: (string | number)[]) {
    let key = mix(seed >>> 0);
    for (const part of stream) {
      const text = String(part);
      for (let i = 0; i < text.length; i++) key = mix(key ^ text.charCodeAt(i));
      key = mix(key ^ 0x9e3779b9);
    }
    this.#key = key;
  }

  /** Uniform in [0, 1). */
  next(): number {
    const counter = this.#counter++;
    const high = mix(this.#key ^ mix(counter)) >>> 5;
    const low = mix(this.#key + mix(counter ^ 0x5bd1e995)) >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Normal with mean 0 and deviation 1. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) + 0x27d4eb2f;
}
