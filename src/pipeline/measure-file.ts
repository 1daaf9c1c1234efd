// Measures a whole file as the pass `measure` does, in the caller's thread: for what is decided before a run begins, or
// told after it has ended. Files that are no WAV are decoded into a folder of the caller's and removed again.
import { rmSync } from 'node:fs';
import type { AudioShape } from '../audio/audio-file.js';
import { decodeAudio } from '../audio/decode.js';
import { probeAudio } from '../audio/probe.js';
import { openWav } from '../audio/wav-reader.js';
import { rangesOf } from './ranges.js';
import type { RangeContext } from './stage.js';
import {
  type MeasureParams,
  type Measures,
  measurePass,
  type ProgrammeMeasures,
} from './stages/measure-pass.js';

export interface MeasuredFile extends AudioShape {
  readonly path: string;
  readonly measures: ProgrammeMeasures;
}

const WHOLE: MeasureParams = {
  role: 'mix',
  isWithLevels: true,
  isWithSpectrum: true,
  ticksFor: 'forecast',
};

/** Loudness, levels, spectrum and ticks of a file. @throws ForgeError input/* */
export async function measureFile(path: string, scratchDir: string): Promise<MeasuredFile> {
  const decoded = await decodeAudio(await probeAudio(path), { scratchDir });
  const reader = openWav(decoded.path);
  try {
    const { sampleRateHz, channelCount, frameCount } = reader;
    const shape = { sampleRateHz, channelCount, frameCount };
    const parts: Measures[] = [];
    const made = new Map<string, unknown>();
    const resource = async <T>(key: string, create: () => T | Promise<T>): Promise<T> => {
      if (!made.has(key)) made.set(key, await create());
      return made.get(key) as T;
    };
    for (const range of rangesOf(measurePass, WHOLE, shape)) {
      const context: Pick<
        RangeContext<unknown, MeasureParams>,
        keyof AudioShape | 'params' | 'range' | 'input' | 'resource' | 'progress'
      > = { ...shape, params: WHOLE, range, input: () => reader, resource, progress() {} };
      const { part } = await measurePass.run(context as RangeContext<unknown, MeasureParams>);
      parts.push(part);
    }
    return { ...shape, path, measures: measurePass.merge(parts, WHOLE, shape) };
  } finally {
    reader.close();
    if (decoded.path !== path) rmSync(decoded.path, { force: true });
  }
}
