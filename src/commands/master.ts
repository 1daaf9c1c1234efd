// `forge master`: finished masters, one for each preset named. Without an input it takes the last unmastered mix.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import { type AlbumReport, AlbumSession, albumOfTrack } from '../pipeline/album-session.js';
import type { PlannedTrack } from '../pipeline/batch.js';
import { listInputs } from '../pipeline/inputs.js';
import { lastUnmasteredMix } from '../pipeline/last-mix.js';
import { forecastMaster, type MasterForecast } from '../pipeline/master-forecast.js';
import { measureFile } from '../pipeline/measure-file.js';
import { type Override, type Pipeline, pipelineOf } from '../pipeline/preset.js';
import { loadStage } from '../pipeline/registry.js';
import { describeForm } from '../pipeline/stages/master-delivery.js';
import type { MasterOptions } from '../pipeline/stages/master-options.js';
import { type Addition, type AudioFlags, addAudioFlags, runAudio, setOverrides } from './audio-command.js';
import { defineCommand } from './command.js';
import { addAlias, addStageFlags, stageOverrides } from './stage-flags.js';

const DEFAULT_PRESET = 'spotify';

interface MasterFlags extends AudioFlags {
  readonly preset: string;
  readonly album?: boolean;
}

export const command = defineCommand({
  async configure(master: Command, finish) {
    const stage = await loadStage('master');
    addAudioFlags(master, { isInputOptional: true, makesOneFile: true });
    master.option(
      '--preset <names>',
      'targets, separated by commas (see `forge presets list`)',
      DEFAULT_PRESET,
    );
    master.option('--album', 'take the inputs as one album: one gain, character and curve for all');
    addStageFlags(master, stage, ['preset', 'albumGainDb']);
    addAlias(master, 'skip-within', 'skip-within-lu', 'lu');
    master.action(async (inputs: string[], flags: MasterFlags) => {
      const presets = [
        ...new Set(
          flags.preset
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== ''),
        ),
      ];
      if (presets.length === 0)
        throw new ForgeError('usage/bad-option', 'expected a preset for --preset, got nothing');
      if (presets.length > 1 && flags.output !== undefined) {
        throw new ForgeError(
          'usage/conflicting-options',
          `expected one preset with -o, got ${presets.length}`,
        );
      }
      const steps = presets.map((preset) => ({
        stageId: 'master',
        id: presets.length === 1 ? 'master' : stepIdOf(preset),
        preset,
      }));
      const own = steps.flatMap(({ id, preset }): Override[] => [
        { target: id, key: 'preset', value: preset, origin: 'flag' },
        ...setOverrides(flags).map((override) =>
          override.target === 'master' ? { ...override, target: id } : override,
        ),
        ...stageOverrides(master, stage, id, ['preset', 'albumGainDb']),
      ]);
      const named = inputs.length > 0 ? inputs : [newestMix(flags)];
      const album = flags.album === true ? await openAlbum(named, steps, own) : undefined;
      const pipelineNow = (): Promise<Pipeline> =>
        pipelineOf('master', steps, [...own, ...(album?.overrides() ?? [])]);
      const pipeline = await pipelineNow();
      finish(
        await runAudio({
          command: 'master',
          inputs: named,
          flags,
          pipeline,
          foresee,
          ...(album === undefined
            ? {}
            : {
                conclude: async (items) => {
                  const reports = await album.conclude(items);
                  return reports === undefined
                    ? { again: await pipelineNow() }
                    : {
                        json: { album: reports },
                        lines: reports.flatMap(albumText),
                        albumOf: (path) => albumOfTrack(reports, path),
                      };
                },
              }),
        }),
      );
    });
  },
});

/** What the tracks share, out of measures of them all. */
async function openAlbum(
  inputs: readonly string[],
  steps: readonly { readonly id: string; readonly preset: string }[],
  overrides: readonly Override[],
): Promise<AlbumSession> {
  const { paths } = await listInputs(inputs);
  const asked = (id: string) =>
    Object.fromEntries(overrides.filter(({ target }) => target === id).map(({ key, value }) => [key, value]));
  return AlbumSession.open(
    paths,
    steps.map(({ id, preset }) => ({ id, preset, asked: asked(id) })),
  );
}

/** An album's figures for a person. */
function albumText({ preset, gainDb, choice, before, after, tracks }: AlbumReport): string[] {
  const figures = ({ integratedLufs, truePeakDbtp, loudnessRangeLu }: AlbumReport['after']): string =>
    [
      integratedLufs === null ? 'silence' : `${integratedLufs.toFixed(2)} LUFS`,
      truePeakDbtp === null ? '' : `${truePeakDbtp.toFixed(2)} dBTP`,
      loudnessRangeLu === null ? '' : `range ${loudnessRangeLu.toFixed(1)} LU`,
    ]
      .filter((part) => part !== '')
      .join(', ');
  const sound = choice === null ? 'gain alone' : `${choice.character}, curve ${choice.curve}`;
  return [
    `album of ${tracks.length}: ${preset}: ${figures(before)} → ${figures(after)}`,
    `  ${gainDb} dB for all tracks, ${sound}`,
    ...tracks.map((track) => `  ${track.path}: ${figures(track.before)} → ${figures(track.after)}`),
  ];
}

/** What every master will measure, by forecast. */
async function foresee(planned: readonly PlannedTrack[]): Promise<Addition> {
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-forecast-'));
  const forecasts: (MasterForecast & { readonly path: string })[] = [];
  try {
    for (const track of planned) {
      if ('error' in track) continue;
      const file = await measureFile(track.path, scratchDir);
      for (const { options, delivery } of track.plan.nodes) {
        forecasts.push({
          path: track.path,
          ...(await forecastMaster(file, options as unknown as MasterOptions, delivery)),
        });
      }
    }
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
  return {
    json: { forecasts },
    lines: forecasts.flatMap((forecast) => [forecastText(forecast), ...formText(forecast)]),
  };
}

function forecastText(forecast: MasterForecast & { readonly path: string }): string {
  const { path, preset, integratedLufs, truePeakDbtp, gainDb, gainReductionDb, willReachTarget } = forecast;
  if (gainDb === null) return `${path}: ${preset}: no forecast`;
  const sound = forecast.character === null ? '' : `, ${forecast.character}, curve ${forecast.curve}`;
  const verdict = willReachTarget === true ? '' : ', target out of reach';
  return `${path}: ${preset}: about ${integratedLufs} LUFS, ${truePeakDbtp} dBTP: gain ${gainDb} dB, limiting ${gainReductionDb} dB${sound}${verdict}`;
}

/** A line where the file will have another form than its target takes. */
function formText({
  path,
  preset,
  formChecks,
  formFlags,
}: MasterForecast & { readonly path: string }): string[] {
  const wrongForm = describeForm(formChecks, formFlags);
  return wrongForm === undefined
    ? []
    : [`${path}: ${preset}: another form than the target takes: ${wrongForm}`];
}

/** `podcast-mono`, or the bare name of a preset file. */
function stepIdOf(preset: string): string {
  return preset
    .replace(/^.*[\\/]/, '')
    .replace(/\.ya?ml$/i, '')
    .toLowerCase();
}

function newestMix(flags: MasterFlags): string {
  const mix = lastUnmasteredMix(flags.out);
  if (mix === undefined) {
    throw new ForgeError(
      'usage/nothing-to-do',
      `expected an input, and there is no unmastered mix under ${join(flags.out)}`,
      {
        hint: 'Name a file: forge master song.wav',
      },
    );
  }
  process.stderr.write(`mastering ${mix}\n`);
  return mix;
}
