// Turns what a person names (files, folders, patterns, `-` for standard input) into a list of files.
import { createWriteStream, lstatSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline as pipeStreams } from 'node:stream/promises';
import { ForgeError } from '../errors.js';

/** Endings of the files that are taken out of a folder; a file that is named itself may have any. */
const AUDIO_ENDINGS =
  'wav,wave,bwf,rf64,w64,aif,aiff,aifc,flac,mp3,mp2,m4a,m4b,mp4,aac,alac,ogg,oga,opus,wma,caf,au,snd,webm,mka,ape,wv,tta,ac3,amr,dsf';

/** A list of input files, and what to remove when the run is over. */
export interface InputList {
  readonly paths: readonly string[];
  cleanUp(): void;
}

/**
 * Files for every argument, in the order given; a folder's files sorted by path, each file once.
 * @throws ForgeError input/not-found, input/no-audio-in-folder, usage/nothing-to-do
 */
export async function listInputs(args: readonly string[]): Promise<InputList> {
  if (args.length === 0) {
    throw new ForgeError('usage/nothing-to-do', 'expected at least one input, got none', {
      hint: 'Name files, folders or patterns; `-` reads standard input.',
    });
  }
  const paths = new Set<string>();
  let temporary: string | undefined;
  for (const arg of args) {
    if (arg === '-') {
      temporary ??= mkdtempSync(join(tmpdir(), 'forge-stdin-'));
      paths.add(await saveStandardInput(temporary));
    } else {
      for (const path of await filesOf(arg)) paths.add(path);
    }
  }
  return {
    paths: [...paths],
    cleanUp() {
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    },
  };
}

async function filesOf(arg: string): Promise<string[]> {
  // A name that exists is a file, whatever letters it has; a broken link is told by the probe.
  if (isThere(arg) && !isDirectory(arg)) return [arg];
  const { glob, isDynamicPattern } = await import('tinyglobby');
  if (isDirectory(arg)) {
    const found = await glob(`**/*.{${AUDIO_ENDINGS}}`, {
      cwd: arg,
      caseSensitiveMatch: false,
      followSymbolicLinks: false,
      ignore: ['**/forge-out/**', '**/.*/**'],
    });
    if (found.length === 0) {
      throw new ForgeError('input/no-audio-in-folder', `the folder ${arg} holds no audio file`, {
        hint: `Files in a folder are known by their ending (${AUDIO_ENDINGS.split(',').slice(0, 8).join(', ')} …); name others themselves.`,
      });
    }
    return found.sort().map((file) => join(arg, file));
  }
  if (!isDynamicPattern(arg)) return [arg];
  const found = await glob(arg, { followSymbolicLinks: false });
  if (found.length === 0) {
    throw new ForgeError('input/not-found', `no file matches ${arg}`, {
      hint: 'Check the pattern and the folder.',
    });
  }
  return found.sort();
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function saveStandardInput(folder: string): Promise<string> {
  const path = join(folder, 'stdin');
  await pipeStreams(process.stdin, createWriteStream(path));
  return path;
}
