// Renders a performance block by block: the mix, and each drum as a stem, by the synthesised kit or by a SoundFont. The
// stems add up to the mix. What it writes is float, for drum-session.ts to bring into the form that is delivered.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputError } from '../audio/input-file.js';
import { createWavWriter } from '../audio/wav-writer.js';
import { KitBank, KitPlayer, RENDER_BLOCK_FRAMES, stemOf } from '../dsp/drum-kit/kit-player.js';
import { ForgeError } from '../errors.js';
import type { DrumMap } from '../players/drum-maps.js';
import type { DrumEvent, DrumPerformance } from '../players/performance.js';
import { SoundFont, SoundFontPlayer } from '../players/sound-font.js';
import type { DeliverySpec } from './stage.js';

/** What is left to ring at the end of a render. */
const TAIL_SEC = 2.5;

export interface DrumRender {
  /** Form of the files that are delivered. */
  readonly delivery: DeliverySpec;
  readonly hasStems: boolean;
  /** A .sf2, .sf3 or .dls file; the synthesised kit unless given. */
  readonly soundFont?: string;
}

type Stereo = readonly [Float64Array, Float64Array];

/** The next frames of every part. */
type Renderer = (frames: number) => readonly Stereo[];

/** Stems of a performance in the order of their first stroke. */
export function stemsOf(events: readonly DrumEvent[]): Map<string, DrumEvent[]> {
  const groups = new Map<string, DrumEvent[]>();
  for (const event of events) {
    const stem = stemOf(event.sound);
    const group = groups.get(stem);
    if (group === undefined) groups.set(stem, [event]);
    else group.push(event);
  }
  return groups;
}

/** A rendered part: `drums` for the mix, a drum's name for a stem. */
export interface RenderedPart {
  readonly name: string;
  readonly isStem: boolean;
  /** A WAV of 32-bit floats in the scratch folder. */
  readonly path: string;
}

/** Writes the mix, and each drum with stems, into `scratchDir`. @throws ForgeError input/* for the SoundFont, output/* */
export async function renderTake(
  take: DrumPerformance,
  map: DrumMap,
  render: DrumRender,
  scratchDir: string,
): Promise<RenderedPart[]> {
  const { hasStems, soundFont } = render;
  const { sampleRateHz } = render.delivery;
  const endSec = take.events.reduce((end, { timeSec }) => Math.max(end, timeSec), 0) + TAIL_SEC;
  const frameCount = Math.ceil(endSec * sampleRateHz);
  const stems: ReadonlyMap<string, readonly DrumEvent[]> = hasStems
    ? stemsOf(take.events)
    : new Map([['drums', take.events]]);
  const parts = [...stems.values()];
  const renderNext =
    soundFont === undefined
      ? kitRenderer(take, parts, sampleRateHz)
      : await fontRenderer(take, parts, map, soundFont, sampleRateHz);
  const names = ['drums', ...(hasStems ? stems.keys() : [])];
  const rendered = names.map((name, index): RenderedPart => {
    const isStem = index > 0;
    return { name, isStem, path: join(scratchDir, `${isStem ? 'stem-' : ''}${name}.wav`) };
  });
  const shape = { sampleRateHz, channelCount: 2, frameCount };
  const writers = rendered.map(({ path }) =>
    createWavWriter(path, { ...shape, sampleFormat: { kind: 'float', bits: 32 } }),
  );
  let isSilent = true;
  try {
    for (let start = 0; start < frameCount; start += RENDER_BLOCK_FRAMES) {
      const frames = Math.min(RENDER_BLOCK_FRAMES, frameCount - start);
      const blocks = renderNext(frames);
      const mix = sumOf(blocks, frames);
      isSilent &&= mix[0].every((sample) => sample === 0);
      writers[0]!.write(start, mix);
      if (hasStems) blocks.forEach((block, index) => void writers[index + 1]!.write(start, block));
    }
    if (isSilent && soundFont !== undefined && take.events.length > 0) {
      throw new ForgeError(
        'input/unsupported',
        `expected drums in ${soundFont}, got silence for every stroke`,
        {
          hint: 'Take a font with a drum kit, or name its notes by --map.',
        },
      );
    }
    for (const writer of writers) writer.commit();
  } catch (error) {
    for (const writer of writers) writer.abort();
    throw error;
  }
  return rendered;
}

function kitRenderer(
  { controls }: DrumPerformance,
  parts: readonly (readonly DrumEvent[])[],
  sampleRateHz: number,
): Renderer {
  const bank = new KitBank(controls.kit, sampleRateHz);
  const players = parts.map((events) => new KitPlayer(bank, events));
  return (frames) =>
    players.map((player) => {
      const block: Stereo = [new Float64Array(frames), new Float64Array(frames)];
      player.process(...block);
      return block;
    });
}

async function fontRenderer(
  { controls }: DrumPerformance,
  parts: readonly (readonly DrumEvent[])[],
  map: DrumMap,
  path: string,
  sampleRateHz: number,
): Promise<Renderer> {
  const font = await SoundFont.parse(readFont(path), path);
  const notes = parts.map((events) => events.map((event) => ({ ...event, note: map[event.sound] })));
  const player = await SoundFontPlayer.create(font, notes, controls.kit, sampleRateHz);
  return (frames) => player.process(frames);
}

function readFont(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    throw inputError(thrown, path);
  }
}

function sumOf(blocks: readonly Stereo[], frames: number): Stereo {
  const mix: Stereo = [new Float64Array(frames), new Float64Array(frames)];
  for (const block of blocks) {
    mix.forEach((into, side) => {
      const from = block[side]!;
      for (let i = 0; i < frames; i++) into[i] = into[i]! + from[i]!;
    });
  }
  return mix;
}
