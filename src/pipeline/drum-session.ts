// Runs a drum session: takes are played and ranked, and their files written into a track's folder, with a record in
// run.json. What is played is src/players' matter; this file knows files.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createWavWriter } from '../audio/wav-writer.js';
import { KitBank, KitPlayer, RENDER_BLOCK_FRAMES, stemOf } from '../dsp/drum-kit/kit-player.js';
import { sha256Sync } from '../file-hash.js';
import { findCard } from '../models/card.js';
import { loadDrummer } from '../models/drummer.js';
import type { DrumMap } from '../players/drum-maps.js';
import { encodeMidi } from '../players/midi-file.js';
import {
  type DrumEvent,
  type DrumPerformance,
  type PerformRequest,
  perform,
} from '../players/performance.js';
import { encodePerformance } from '../players/performance-file.js';
import type { ModelRecord, OutputRecord, RunEntry } from './manifest.js';
import { writeManifest } from './manifest.js';
import { Ownership } from './ownership.js';
import type { Json } from './stage.js';
import { forgeVersion, runtimeVersions } from './versions.js';
import { writeBytes } from './whole-file.js';

/** What is left to ring at the end of a render. */
const TAIL_SEC = 2.5;

export interface DrumSession {
  readonly request: Omit<PerformRequest, 'model'>;
  /** File that the persona came from, for the record. */
  readonly personaFile: string;
  /** How many takes are played; the best comes first. */
  readonly takeCount: number;
  readonly map: DrumMap;
  readonly render: { readonly sampleRateHz: number; readonly hasStems: boolean } | undefined;
  readonly folder: string;
  readonly overwrite: boolean;
}

export interface DrumSessionResult {
  /** Best first. */
  readonly takes: readonly DrumPerformance[];
  /** Paths relative to the folder. */
  readonly outputs: readonly OutputRecord[];
}

/** Plays and writes. @throws ForgeError output/exists, output/unwritable, output/disk-full, model/*, preset/invalid */
export async function runDrumSession(session: DrumSession): Promise<DrumSessionResult> {
  const startedAt = new Date();
  const takes = await playTakes(session.request, session.takeCount);
  const ownership = new Ownership(session.folder);
  const outputs: OutputRecord[] = [];
  const place = (path: string): string => {
    const target = join(session.folder, path);
    if (!session.overwrite) ownership.requireReplaceable(target);
    mkdirSync(dirname(target), { recursive: true });
    ownership.announce([target]);
    return target;
  };
  const deliver = (kind: string, path: string, bytes: Uint8Array) => {
    writeBytes(place(path), bytes);
    outputs.push({ kind, path, sha256: createHash('sha256').update(bytes).digest('hex') });
  };
  takes.forEach((take, index) => {
    const name = index === 0 ? 'drums' : `drums.take${index + 1}`;
    deliver('midi', `midi/${name}.mid`, encodeMidi(take, session.map));
    deliver('events', `midi/${name}.json`, Buffer.from(encodePerformance(take)));
  });
  if (session.render !== undefined) {
    const { sampleRateHz, hasStems } = session.render;
    for (const path of renderTake(takes[0]!, sampleRateHz, hasStems, place)) {
      const kind = path.startsWith('stems/') ? 'stem' : 'audio';
      outputs.push({ kind, path, sha256: sha256Sync(join(session.folder, path)) });
    }
  }
  writeManifest(session.folder, recordOf(session, takes, outputs, startedAt));
  ownership.settle();
  return { takes, outputs };
}

/** Takes by rising cost; the seed of take n is the request's seed plus n. */
async function playTakes(
  request: Omit<PerformRequest, 'model'>,
  takeCount: number,
): Promise<DrumPerformance[]> {
  const model = await loadDrummer();
  try {
    const takes: DrumPerformance[] = [];
    const seed = request.overrides?.seed ?? 1;
    for (let take = 0; take < takeCount; take++) {
      const { regenerate } = request;
      takes.push(
        await perform({
          ...request,
          model,
          // A part that is played again varies in its own seed, so that what is kept stays the same in all takes.
          ...(regenerate === undefined
            ? { overrides: { ...request.overrides, seed: seed + take } }
            : { regenerate: { ...regenerate, seed: regenerate.seed + take } }),
        }),
      );
    }
    return takes.sort((a, b) => a.cost - b.cost);
  } finally {
    await model.release();
  }
}

/** Writes drums.wav, and a WAV for each drum with stems; gives their paths. */
function renderTake(
  take: DrumPerformance,
  sampleRateHz: number,
  hasStems: boolean,
  place: (path: string) => string,
): string[] {
  const endSec = take.events.reduce((end, { timeSec }) => Math.max(end, timeSec), 0) + TAIL_SEC;
  const frameCount = Math.ceil(endSec * sampleRateHz);
  const bank = new KitBank(take.controls.kit, sampleRateHz);
  const shape = { sampleRateHz, channelCount: 2, frameCount };
  const sampleFormat = { kind: 'int', bits: 24 } as const;
  const groups = hasStems ? byStem(take.events) : new Map([['drums', take.events]]);
  const players = [...groups.values()].map((events) => new KitPlayer(bank, events));
  const paths = ['drums.wav', ...(hasStems ? [...groups.keys()].map((stem) => `stems/${stem}.wav`) : [])];
  const writers = paths.map((path) => createWavWriter(place(path), { ...shape, sampleFormat }));
  try {
    for (let start = 0; start < frameCount; start += RENDER_BLOCK_FRAMES) {
      const frames = Math.min(RENDER_BLOCK_FRAMES, frameCount - start);
      const mix = [new Float64Array(frames), new Float64Array(frames)] as const;
      players.forEach((player, index) => {
        const block = [new Float64Array(frames), new Float64Array(frames)] as const;
        player.process(...block);
        for (let i = 0; i < frames; i++) {
          mix[0][i] = mix[0][i]! + block[0][i]!;
          mix[1][i] = mix[1][i]! + block[1][i]!;
        }
        if (hasStems) writers[index + 1]!.write(start, block);
      });
      writers[0]!.write(start, mix);
    }
    for (const writer of writers) writer.commit();
  } catch (error) {
    for (const writer of writers) writer.abort();
    throw error;
  }
  return paths;
}

function byStem(events: readonly DrumEvent[]): Map<string, DrumEvent[]> {
  const groups = new Map<string, DrumEvent[]>();
  for (const event of events) {
    const stem = stemOf(event.sound);
    groups.set(stem, [...(groups.get(stem) ?? []), event]);
  }
  return groups;
}

function recordOf(
  session: DrumSession,
  takes: readonly DrumPerformance[],
  outputs: readonly OutputRecord[],
  startedAt: Date,
): RunEntry {
  const { personaFile, takeCount, render } = session;
  const { controls, meter, arrangement, tempoMap } = takes[0]!;
  const wallMs = Date.now() - startedAt.getTime();
  const options: Record<string, Json> = {
    ...(controls as unknown as Record<string, Json>),
    meter: { ...meter },
    sections: arrangement.sections.map(({ label, bars }) => ({ label, bars })),
    tempo: tempoMap.changes.map((change) => ({ ...change })),
    takes: takeCount,
    render: render === undefined ? null : { ...render },
  };
  return {
    command: 'drums',
    forgeVersion: forgeVersion(),
    versions: runtimeVersions(),
    startedAt: startedAt.toISOString(),
    durationSec: wallMs / 1000,
    peakMemoryMb: process.resourceUsage().maxRSS / 1024,
    status: 'ok',
    input: {
      path: personaFile,
      sha256: sha256Sync(personaFile),
      durationSec: 0,
      sampleRateHz: 0,
      channelCount: 0,
      frameCount: 0,
      decoder: { id: 'yaml', version: forgeVersion() },
      notes: [],
    },
    seed: controls.seed,
    isDamageTolerated: false,
    delivery: {
      container: 'wav',
      sampleRateHz: render?.sampleRateHz ?? 48000,
      sampleFormat: { kind: 'int', bits: 24 },
    },
    wish: {},
    stages: [
      {
        id: 'drums',
        stage: 'drums',
        stageVersion: 1,
        on: 'persona',
        options,
        origins: {},
        models: [modelRecord()],
        key: '',
        isReused: false,
        wallMs,
        busyMs: wallMs,
        notes: [],
        bypassed: {},
      },
    ],
    outputs,
  };
}

function modelRecord(): ModelRecord {
  const { id, licence, files } = findCard('drummer');
  return { id, licence, sha256: Object.fromEntries(files.map(({ name, sha256 }) => [name, sha256])) };
}
