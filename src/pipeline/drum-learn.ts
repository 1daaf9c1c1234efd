// Reads a folder of drum performances (MIDI) and writes the persona that was learned from them.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { ForgeError } from '../errors.js';
import { loadDrummer } from '../models/drummer.js';
import { gridOfStrokes, learnPersona } from '../players/learn.js';
import { formatMeter } from '../players/meter.js';
import { decodeDrumMidi } from '../players/midi-file.js';
import { METERS } from '../players/player-limits.js';
import { yaml } from '../yaml-file.js';

/** More files than this say nothing new of a player. */
const MOST_FILES = 24;

export interface LearnedPersona {
  readonly yaml: string;
  readonly fileCount: number;
  readonly skippedCount: number;
}

/**
 * The persona of the performances in a folder (and below). Of many files an even selection is heard.
 * @throws ForgeError input/not-found, usage/nothing-to-do where no file holds drums, input/damaged
 */
export async function learnFolder(folder: string, name: string): Promise<LearnedPersona> {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (cause) {
    throw new ForgeError('input/not-found', `cannot read the folder ${folder}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const files = names.filter((file) => /\.midi?$/i.test(file)).sort();
  const chosen = files.filter((_, index) => index % Math.max(1, Math.ceil(files.length / MOST_FILES)) === 0);
  const performances = chosen.flatMap((file) => {
    const midi = decodeDrumMidi(readFileSync(join(folder, file)), file);
    const isKnownMeter = (METERS as readonly string[]).includes(formatMeter(midi.meter));
    const performance = isKnownMeter ? gridOfStrokes(midi) : undefined;
    return performance === undefined ? [] : [performance];
  });
  if (performances.length === 0) {
    throw new ForgeError('usage/nothing-to-do', `no MIDI file in ${folder} holds a drum performance`);
  }
  const model = await loadDrummer();
  try {
    const learned = await learnPersona(performances, model);
    const meters = [...new Set(performances.map(({ bar }) => formatMeter(bar.meter)))];
    const [nearest] = Object.keys(learned.styles);
    const persona = {
      name,
      summary: `Learned from ${performances.length} performances, near to ${nearest}`,
      genre: nearest!.split('/')[0],
      source: basename(folder),
      card: `Style, time and touch from ${performances.length} performances; the network is the one of all personas.`,
      meters,
      ...learned,
    };
    return {
      yaml: yaml().stringify(persona, { lineWidth: 120 }),
      fileCount: performances.length,
      skippedCount: chosen.length - performances.length,
    };
  } finally {
    await model.release();
  }
}
