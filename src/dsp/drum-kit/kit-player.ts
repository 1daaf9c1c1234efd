// Plays strokes on a synthesised kit, block by block. Six velocity layers and three variations of each sound are made
// when first used. The same strokes give the same samples, whatever the block size; stems add up to the kit.
import { type KitName, placeOf, roomOf, synthesise } from './kits.js';
import { Room } from './room.js';

const LAYERS = 6;
const VARIATIONS = 3;
const CHOKE_MS = 25;

/** Frames of a block unless the caller chooses. */
export const RENDER_BLOCK_FRAMES = 4096;

/** A stroke in time. */
export interface KitStroke {
  readonly sound: string;
  readonly timeSec: number;
  /** 1 to 127. */
  readonly velocity: number;
  /** The sound is damped after this; only of matter for what rings longer. */
  readonly durationSec: number;
}

interface Voice {
  readonly samples: Float32Array;
  readonly startFrame: number;
  readonly chokeFrame: number;
  readonly gain: number;
  readonly leftGain: number;
  readonly rightGain: number;
}

/** Sounds made once for all players of a kit. */
export class KitBank {
  readonly #sounds = new Map<string, Float32Array>();

  constructor(
    readonly kit: KitName,
    readonly sampleRateHz: number,
  ) {}

  /** The samples nearest to a velocity, and the gain that makes up the difference. */
  stroke(sound: string, velocity: number, variation: number): { samples: Float32Array; gain: number } {
    const layer = Math.min(LAYERS - 1, Math.floor((velocity / 128) * LAYERS));
    const strength = (layer + 0.6) / LAYERS;
    const key = `${sound}/${layer}/${variation}`;
    let samples = this.#sounds.get(key);
    if (samples === undefined) {
      const seed = (layer + 1) * 100 + variation;
      samples = synthesise(this.kit, sound, { strength, variation: seed, sampleRateHz: this.sampleRateHz });
      this.#sounds.set(key, samples);
    }
    return { samples, gain: (velocity / 127 / strength) ** 1.2 };
  }
}

export class KitPlayer {
  readonly #voices: Voice[];
  readonly #room: Room;
  readonly #dry: Float64Array;
  readonly #chokeFrames: number;
  #active: Voice[] = [];
  #next = 0;
  #frame = 0;

  /**
   * `strokes` in order of time. Blocks are at most `blockFrames` long. A player may begin at a later frame: the room
   * of what was before is then missing, so begin some seconds early and drop those.
   */
  constructor(
    bank: KitBank,
    strokes: readonly KitStroke[],
    readonly blockFrames = RENDER_BLOCK_FRAMES,
    startFrame = 0,
  ) {
    const { sampleRateHz, kit } = bank;
    const counts = new Map<string, number>();
    this.#voices = strokes.map((stroke) => {
      const count = counts.get(stroke.sound) ?? 0;
      counts.set(stroke.sound, count + 1);
      const { samples, gain } = bank.stroke(stroke.sound, stroke.velocity, count % VARIATIONS);
      const startFrame = Math.round(stroke.timeSec * sampleRateHz);
      const rings = stroke.sound === 'openHat';
      return {
        samples,
        gain,
        startFrame,
        chokeFrame: rings ? Math.round(stroke.durationSec * sampleRateHz) : samples.length,
        ...placeOf(stroke.sound),
      };
    });
    const room = roomOf(kit);
    this.#room = new Room(room.decayMs, room.levelDb, sampleRateHz);
    this.#dry = new Float64Array(blockFrames);
    this.#frame = startFrame;
    this.#chokeFrames = (CHOKE_MS * sampleRateHz) / 1000;
  }

  /** Adds the next frames to `left` and `right`. */
  process(left: Float64Array, right: Float64Array): void {
    const frames = left.length;
    const end = this.#frame + frames;
    while (this.#next < this.#voices.length && this.#voices[this.#next]!.startFrame < end) {
      this.#active.push(this.#voices[this.#next++]!);
    }
    const dry = this.#dry.subarray(0, frames).fill(0);
    for (const voice of this.#active) this.#mix(voice, left, right, dry);
    this.#room.process(dry, left, right);
    this.#active = this.#active.filter((voice) => voice.startFrame + voice.samples.length > end);
    this.#frame = end;
  }

  #mix(voice: Voice, left: Float64Array, right: Float64Array, dry: Float64Array): void {
    const from = Math.max(0, voice.startFrame - this.#frame);
    const to = Math.min(left.length, voice.startFrame + voice.samples.length - this.#frame);
    for (let i = from; i < to; i++) {
      const at = this.#frame + i - voice.startFrame;
      const choked = at - voice.chokeFrame;
      const damping = choked <= 0 ? 1 : Math.exp((-3 * choked) / this.#chokeFrames);
      const sample = voice.samples[at]! * voice.gain * damping;
      left[i] = left[i]! + sample * voice.leftGain;
      right[i] = right[i]! + sample * voice.rightGain;
      dry[i] = dry[i]! + 0.5 * sample * (voice.leftGain + voice.rightGain);
    }
  }
}

/** The drum of a kit that a sound belongs to: the name of its stem. */
export function stemOf(sound: string): string {
  if (sound === 'sideStick' || sound === 'clap' || sound === 'brush') return 'snare';
  if (sound === 'closedHat' || sound === 'openHat' || sound === 'pedalHat') return 'hats';
  return sound.replaceAll(/([A-Z])/g, (letter) => `-${letter.toLowerCase()}`);
}
