// Plays strokes through a SoundFont (.sf2, .sf3, .dls): spessasynth_core does the voices, without its reverb and chorus,
// so that each part can stand alone as a stem and all parts add up. Strokes begin on their frame.
// The package is loaded when the first SoundFont is.
import type { BasicSoundBank, SpessaSynthProcessor } from 'spessasynth_core';
import type { KitName } from '../dsp/drum-kit/kits.js';
import { ForgeError } from '../errors.js';

/** Frames from one update of envelopes to the next; blocks begin on multiples of it. */
const SLICE_FRAMES = 128;

/** Drum kits by program. @source Roland GS and General MIDI Level 2, percussion sets */
const KIT_PROGRAMS: Readonly<Record<KitName, number>> = {
  rock: 0,
  heavy: 16,
  vintage: 8,
  jazz: 32,
  brushes: 40,
  studio: 0,
  latin: 0,
  analog: 25,
  electro: 24,
};

/** A note in time. */
export interface FontNote {
  readonly note: number;
  readonly timeSec: number;
  /** 1 to 127. */
  readonly velocity: number;
  readonly durationSec: number;
}

interface NoteChange {
  readonly frame: number;
  readonly channel: number;
  readonly note: number;
  /** 0 lets the note go. */
  readonly velocity: number;
}

type Stereo = readonly [Float64Array, Float64Array];

/** An open SoundFont. */
export class SoundFont {
  private constructor(readonly bank: BasicSoundBank) {}

  /** @throws ForgeError input/damaged where the bytes are no SoundFont, or hold no preset */
  static async parse(bytes: Uint8Array, path: string): Promise<SoundFont> {
    const { SoundBankLoader, SpessaLog } = await import('spessasynth_core');
    // Its remarks on odd fonts would go to standard output.
    SpessaLog.setLogLevel(false, false, false);
    const buffer = new ArrayBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    let bank: BasicSoundBank;
    try {
      bank = SoundBankLoader.fromArrayBuffer(buffer);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.split('\n', 1)[0]! : String(cause);
      throw damaged(path, reason, cause);
    }
    if (bank.presets.length === 0) throw damaged(path, 'it holds no preset');
    return new SoundFont(bank);
  }
}

/** Plays several parts at once, each into a block of its own. */
export class SoundFontPlayer {
  readonly #synth: SpessaSynthProcessor;
  readonly #changes: readonly NoteChange[];
  readonly #slices: Float32Array[][];
  readonly #effects: Float32Array;
  #frame = 0;
  #next = 0;

  private constructor(synth: SpessaSynthProcessor, changes: readonly NoteChange[], partCount: number) {
    this.#synth = synth;
    this.#changes = changes;
    this.#slices = Array.from({ length: partCount }, () => [
      new Float32Array(SLICE_FRAMES),
      new Float32Array(SLICE_FRAMES),
    ]);
    this.#effects = new Float32Array(SLICE_FRAMES);
  }

  /** A player of `parts`, each in order of time, on the font's drum kit nearest to `kit`. */
  static async create(
    font: SoundFont,
    parts: readonly (readonly FontNote[])[],
    kit: KitName,
    sampleRateHz: number,
  ): Promise<SoundFontPlayer> {
    const { SpessaSynthProcessor } = await import('spessasynth_core');
    const synth = new SpessaSynthProcessor(sampleRateHz, {
      maxBufferSize: SLICE_FRAMES,
      effectsEnabled: false,
      eventsEnabled: false,
    });
    synth.soundBankManager.addSoundBank(font.bank, 'font');
    await synth.processorInitialized;
    while (synth.midiChannels.length < parts.length) synth.createMIDIChannel();
    // A channel that was added has its volume at nothing until then.
    synth.reset();
    parts.forEach((_, channel) => {
      synth.midiChannels[channel]!.setDrums(true);
      synth.programChange(channel, KIT_PROGRAMS[kit]);
    });
    const changes = parts.flatMap((notes, channel) => changesOf(notes, channel, sampleRateHz));
    changes.sort((a, b) => a.frame - b.frame || a.velocity - b.velocity || a.channel - b.channel);
    return new SoundFontPlayer(synth, changes, parts.length);
  }

  /** The next frames of each part; blocks have multiples of 128 frames, but for the last. */
  process(frames: number): Stereo[] {
    const blocks = this.#slices.map((): Stereo => [new Float64Array(frames), new Float64Array(frames)]);
    const begin = this.#frame;
    const end = begin + frames;
    while (this.#frame < end) {
      for (; this.#changes[this.#next] !== undefined; this.#next++) {
        const { frame, channel, note, velocity } = this.#changes[this.#next]!;
        if (frame > this.#frame) break;
        if (velocity > 0) this.#synth.noteOn(channel, note, velocity);
        else this.#synth.noteOff(channel, note);
      }
      const nextChange = this.#changes[this.#next]?.frame ?? end;
      const nextSlice = this.#frame - (this.#frame % SLICE_FRAMES) + SLICE_FRAMES;
      const count = Math.min(end, nextSlice, nextChange) - this.#frame;
      this.#render(blocks, this.#frame - begin, count);
      this.#frame += count;
    }
    return blocks;
  }

  #render(blocks: readonly Stereo[], at: number, count: number): void {
    for (const slice of this.#slices) for (const channel of slice) channel.fill(0);
    this.#synth.processSplit(this.#slices, this.#effects, this.#effects, 0, count);
    this.#slices.forEach((slice, part) => {
      blocks[part]!.forEach((channel, side) => {
        channel.set(slice[side]!.subarray(0, count), at);
      });
    });
  }
}

/** Notes as beginnings and ends. A note ends before the next of its kind, which its own end would cut off. */
function changesOf(notes: readonly FontNote[], channel: number, sampleRateHz: number): NoteChange[] {
  const nextFrame = new Map<number, number>();
  const changes: NoteChange[] = [];
  for (const { note, timeSec, velocity, durationSec } of [...notes].reverse()) {
    const frame = Math.round(timeSec * sampleRateHz);
    const ownEnd = Math.round((timeSec + durationSec) * sampleRateHz);
    const end = Math.min(ownEnd, nextFrame.get(note) ?? Number.POSITIVE_INFINITY);
    if (end > frame) changes.push({ frame: end, channel, note, velocity: 0 });
    changes.push({ frame, channel, note, velocity });
    nextFrame.set(note, frame);
  }
  return changes.reverse();
}

function damaged(path: string, reason: string, cause?: unknown): ForgeError {
  return new ForgeError('input/damaged', `expected a SoundFont in ${path}: ${reason}`, {
    hint: 'forge plays .sf2, .sf3 and .dls files.',
    ...(cause === undefined ? {} : { cause }),
  });
}
