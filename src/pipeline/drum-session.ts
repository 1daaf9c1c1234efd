// Runs a drum session: takes are played and ranked, and their files written into a track's folder, with a record in
// run.json. What is played is src/players' matter; this file knows files.
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { sha256Sync } from '../file-hash.js';
import { findCard } from '../models/card.js';
import { loadDrummer } from '../models/drummer.js';
import { formatMeter } from '../players/meter.js';
import { encodeMidi } from '../players/midi-file.js';
import { type DrumPerformance, gridOfRequest, type PerformRequest, perform } from '../players/performance.js';
import { encodePerformance } from '../players/performance-file.js';
import { personaFileOf } from '../players/persona.js';
import { roundTo } from '../units.js';
import { encodeUnclipped } from './deliver.js';
import type { DrumRender } from './drum-render.js';
import type { DrumSession } from './drum-wish.js';
import type { ModelRecord, OutputRecord, RunEntry } from './manifest.js';
import { writeManifest } from './manifest.js';
import { Ownership } from './ownership.js';
import type { DeliverySpec, Json } from './stage.js';
import { SCRATCH_FOLDER } from './tracks.js';
import { forgeVersion, runtimeVersions } from './versions.js';
import { writeBytes } from './whole-file.js';

/** The form of a render where nothing else is asked for. */
export const DEFAULT_DELIVERY: DeliverySpec = {
  container: 'wav',
  sampleRateHz: 48_000,
  sampleFormat: { kind: 'int', bits: 24 },
};

export interface DrumSessionResult {
  /** Best first. */
  readonly takes: readonly DrumPerformance[];
  /** Paths relative to the folder. */
  readonly outputs: readonly OutputRecord[];
}

/** What a session will play and write, as far as it is known before it is played. */
export interface DrumSessionPlan {
  readonly meter: string;
  readonly barCount: number;
  /** Of the first bar, in the beats of the meter. */
  readonly tempoBpm: number;
  readonly sections: readonly { readonly label: string; readonly bars: number }[];
  /** Paths as they will be written; which stems there are shows only when it is played. */
  readonly outputs: readonly string[];
}

/** The plan of a session. Plays and writes nothing. */
export function planDrumSession(session: DrumSession): DrumSessionPlan {
  const { request, wish, folder } = session;
  const { meter, beatQuarters } = gridOfRequest(request);
  const tempoBpm =
    request.tempoMap === undefined
      ? request.persona.tempoBpm.default
      : roundTo(request.tempoMap.tempoAt(0) / beatQuarters, 3);
  const takes = Array.from({ length: wish.takes }, (_, take) => nameOfTake(take));
  const midi = takes.flatMap((name) => [`midi/${name}.mid`, `midi/${name}.json`]);
  const { render } = wish;
  const audio = render === undefined ? [] : [audioPath('drums', false, render)];
  const stems = render?.hasStems === true ? [audioPath('*', true, render)] : [];
  return {
    meter: formatMeter(meter),
    barCount: request.sections.reduce((sum, { bars }) => sum + bars, 0),
    tempoBpm,
    sections: request.sections.map(({ label, bars }) => ({ label, bars })),
    outputs: [...midi, ...audio, ...stems, 'run.json'].map(
      (path) => elsewhere(session, path) ?? join(folder, path),
    ),
  };
}

function audioPath(name: string, isStem: boolean, { delivery }: DrumRender): string {
  return `${isStem ? 'stems/' : ''}${name}.${delivery.container}`;
}

/** Whether -o names the MIDI file; it names the render otherwise. */
export function isMidiPath(path: string): boolean {
  return extname(path).toLowerCase() === '.mid';
}

/** The whole path of -o for the file that it names: the best take's MIDI, or the render, as its ending tells. */
function elsewhere({ outputFile, wish }: DrumSession, path: string): string | undefined {
  if (outputFile === undefined) return undefined;
  const named = isMidiPath(outputFile) ? 'midi/drums.mid' : audioPath('drums', false, wish.render!);
  return path === named ? resolve(outputFile) : undefined;
}

function nameOfTake(index: number): string {
  return index === 0 ? 'drums' : `drums.take${index + 1}`;
}

/** Plays and writes. @throws ForgeError output/exists, output/unwritable, output/disk-full, model/*, preset/invalid */
export async function runDrumSession(session: DrumSession): Promise<DrumSessionResult> {
  const startedAt = new Date();
  const takes = await playTakes(session.request, session.wish.takes);
  mkdirSync(session.folder, { recursive: true });
  const ownership = new Ownership(session.folder);
  const outputs: OutputRecord[] = [];
  /** Makes ready for a file, and gives its whole path. */
  const place = (path: string): string => {
    const target = resolve(session.folder, path);
    if (!session.overwrite) ownership.requireReplaceable(target);
    mkdirSync(dirname(target), { recursive: true });
    ownership.announce([target]);
    return target;
  };
  const deliver = (kind: string, name: string, bytes: Uint8Array) => {
    const path = elsewhere(session, name) ?? name;
    writeBytes(place(path), bytes);
    outputs.push({ kind, path, sha256: createHash('sha256').update(bytes).digest('hex') });
  };
  takes.forEach((take, index) => {
    const name = nameOfTake(index);
    deliver('midi', `midi/${name}.mid`, encodeMidi(take, session.map));
    deliver('events', `midi/${name}.json`, Buffer.from(encodePerformance(take)));
  });
  const { render } = session.wish;
  if (render !== undefined) {
    const scratch = join(session.folder, SCRATCH_FOLDER);
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    try {
      const { renderTake } = await import('./drum-render.js');
      for (const { name, isStem, path: rendered } of await renderTake(
        takes[0]!,
        session.map,
        render,
        scratch,
      )) {
        const inside = audioPath(name, isStem, render);
        const path = elsewhere(session, inside) ?? inside;
        const sha256 = await encodeRender(rendered, place(path), render.delivery, session.request);
        outputs.push({ kind: isStem ? 'stem' : 'audio', path, sha256 });
      }
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  writeManifest(session.folder, recordOf(session, takes, outputs, startedAt));
  ownership.settle();
  return { takes, outputs };
}

/** Brings a rendered file into the form of the delivery; gives its sha256. */
async function encodeRender(
  rendered: string,
  target: string,
  spec: DeliverySpec,
  request: DrumSession['request'],
): Promise<string> {
  const [{ encodeAudio }, { openWav }] = await Promise.all([
    import('../audio/encode.js'),
    import('../audio/wav-reader.js'),
  ]);
  const seed = request.overrides?.seed ?? 1;
  const source = openWav(rendered);
  try {
    await encodeUnclipped(spec, (form) => encodeAudio(source, target, form, { seed }));
  } finally {
    source.close();
  }
  return sha256Sync(target);
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

function recordOf(
  session: DrumSession,
  takes: readonly DrumPerformance[],
  outputs: readonly OutputRecord[],
  startedAt: Date,
): RunEntry {
  const { wish, files } = session;
  const personaFile = resolve(personaFileOf(wish.persona));
  const { controls, meter, arrangement, tempoMap } = takes[0]!;
  const wallMs = Date.now() - startedAt.getTime();
  const options: Record<string, Json> = {
    wish: wish as unknown as Json,
    files: { ...files },
    ...(controls as unknown as Record<string, Json>),
    meter: { ...meter },
    sections: arrangement.sections.map(({ label, bars }) => ({ label, bars })),
    tempo: tempoMap.changes.map((change) => ({ ...change })),
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
      sha256: files[personaFile]!,
      durationSec: 0,
      sampleRateHz: 0,
      channelCount: 0,
      frameCount: 0,
      decoder: { id: 'yaml', version: forgeVersion() },
      notes: [],
    },
    seed: controls.seed,
    isDamageTolerated: false,
    delivery: wish.render?.delivery ?? DEFAULT_DELIVERY,
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
