// The card of a model that a user brings: short, for what can be told from the files is filled in on import. The
// installed card is complete, and pinned to the files as every other.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import * as z from 'zod';
import { ForgeError } from '../errors.js';
import { sha256Sync } from '../file-hash.js';
import { readYaml, yaml } from '../yaml-file.js';
import { cardSchema, fileSchema, isReservedId, type ModelCard } from './card.js';

const ownFileSchema = fileSchema.partial({ bytes: true, sha256: true });
type OwnFile = z.output<typeof ownFileSchema>;

const ownCardSchema = cardSchema.extend({
  summary: z.string().min(1).default('A model of the user’s own.'),
  commercialUse: z.boolean().default(false),
  contract: z.string().min(1).default('Told by the shapes of its tensors.'),
  peakMemoryMb: z.number().positive().default(2400),
  files: z.array(ownFileSchema).min(1).optional(),
});

/**
 * Reads a card of the user's own for the files `sources`. `files` may be left out, where it names every .onnx file
 * given; so may size and sha256 of a file, which are then those of the file given.
 * @throws ForgeError preset/unreadable, preset/syntax, preset/invalid with file:line:column; usage/bad-option where
 *   its id is that of a published model, or a separator's card lists no stems
 */
export function readOwnCard(path: string, sources: readonly string[]): ModelCard {
  const own = readYaml(path).check(ownCardSchema);
  if (isReservedId(own.id)) {
    throw new ForgeError('usage/bad-option', `expected an id of its own on ${path}, got ${own.id}`, {
      hint: 'That id belongs to a published model.',
    });
  }
  if (own.task === 'separate' && (own.stems ?? []).length === 0) {
    throw new ForgeError('usage/bad-option', `expected the stems of ${own.id} on ${path}`, {
      hint: 'List them in the order of the output tensor, such as `stems: [vocals]`.',
    });
  }
  const networks = sources.filter((source) => source.endsWith('.onnx'));
  const named: OwnFile[] = own.files ?? networks.map((source) => ({ name: basename(source), urls: [] }));
  const files = named.map((file) => {
    const source = sources.find((one) => basename(one) === file.name);
    if (source === undefined || (file.bytes !== undefined && file.sha256 !== undefined)) return file;
    return { bytes: statSync(source).size, sha256: sha256Sync(source), ...file };
  });
  const card = cardSchema.safeParse({ ...own, files });
  if (card.success) return card.data;
  throw new ForgeError(
    'preset/invalid',
    `expected the files of ${own.id} among those given, or their sizes and sha256 on ${path}`,
    {
      hint: 'Give the folder that holds them.',
    },
  );
}

/** A card as YAML. */
export function ownCardText(card: ModelCard): string {
  return yaml().stringify(card);
}
