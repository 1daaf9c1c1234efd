// A report as `forge analyze` makes it, with a name that must not become markup.
import type { Report } from '../../src/report/report.js';

export const SONG = '<b>"Tom & Jerry\'s"</b>.wav';

const BANDS = ['subBass', 'bass', 'lowMid', 'mid', 'highMid', 'presence', 'air'];
const image = { correlation: 0.8, sideToMidDb: -9, monoLossDb: 0.4, balanceDb: -0.2 };

/** A report as `forge analyze` makes it, of three minutes in two sections. */
export function sampleReport(): Report {
  const beatsSec = Array.from({ length: 360 }, (_, k) => k / 2);
  return {
    schema: 'forge.report/1',
    command: 'analyze',
    forgeVersion: '0.0.0',
    input: { name: SONG, sha256: 'ab'.repeat(32), durationSec: 180, sampleRateHz: 44_100, channelCount: 2 },
    status: 'ok',
    stages: [
      {
        id: 'analyze',
        stage: 'analyze',
        on: 'mix',
        options: {},
        models: [],
        bypassed: {},
        data: {
          loudness: {
            integratedLufs: -14.02,
            loudnessRangeLu: 0,
            truePeakDbtp: -1,
            history: { hopSec: 0.1, momentaryLufs: [], shortTermLufs: new Array(1800).fill(-14) },
          },
          dynamics: {
            rmsDbfs: -17,
            clippedSampleCount: 12,
            clippedSpots: [{ startSec: 90, endSec: 90.2, sampleCount: 12 }],
            overSpots: [{ startSec: 45, endSec: 45.1, truePeakDbtp: 0.4 }],
          },
          stereo: {
            correlation: 0.7,
            sideToMidDb: -8,
            monoLossDb: 0.6,
            balanceDb: 0.1,
            bands: Object.fromEntries(BANDS.map((name) => [name, image])),
            history: {
              hopSec: 0.5,
              correlation: new Array(360).fill(0.7),
              sideToMidDb: new Array(360).fill(-8),
              balanceDb: new Array(360).fill(0),
            },
          },
          picture: {
            columnSec: 0.1,
            lows: Buffer.from(new Int8Array(1800).fill(-60)).toString('base64'),
            highs: Buffer.from(new Int8Array(1800).fill(64)).toString('base64'),
            levels: Buffer.from(new Uint8Array(1800).fill(70)).toString('base64'),
            spectrogram: {
              columnSec: 1,
              rowCount: 96,
              bytes: Buffer.from(new Uint8Array(180 * 96).fill(140)).toString('base64'),
            },
          },
          platforms: [
            {
              preset: 'spotify',
              summary: 'Spotify',
              targetLufs: -14,
              gainDb: 0.02,
              limitingDb: 0,
              checks: [{ rule: 'truePeakDbtp', limit: { max: -1 }, measured: -1, pass: true }],
              pass: true,
            },
          ],
          spectrum: {
            bands: Object.fromEntries(BANDS.map((name, k) => [name, -4 - 3 * k])),
            crestFactorsDb: Object.fromEntries(BANDS.map((name) => [name, 14])),
            thirdOctavesDb: new Array(31).fill(-15),
          },
          rhythm: {
            tempoBpm: 120,
            tempoAlternativesBpm: [60],
            tempoConfidence: 0.9,
            beatsSec,
            downbeatsSec: beatsSec.filter((_, k) => k % 4 === 0),
            meter: '4/4',
            meterConfidence: 0.9,
            onsetsSec: beatsSec,
            tempoCurve: [
              { timeSec: 4, tempoBpm: 119.9 },
              { timeSec: 90, tempoBpm: 120.1 },
            ],
            tempoVariationPercent: 0.1,
            swingRatio: 1,
          },
          tonal: {
            key: 'A minor',
            keyConfidence: 0.7,
            keys: [{ startSec: 0, endSec: 180, label: 'A minor' }],
            tuningHz: 440,
            chords: [
              { startSec: 0, endSec: 90, label: 'A:min' },
              { startSec: 90, endSec: 180, label: 'F:maj' },
            ],
            bassNotes: [],
            chroma: null,
          },
          structure: {
            sections: [
              { startSec: 0, endSec: 90, label: 'A', energyDb: -1, hint: 'intro' },
              { startSec: 90, endSec: 180, label: 'B', energyDb: 1, hint: null },
            ],
            energyCurve: [],
          },
          genre: { guess: 'pop', confidence: 0.6, alternatives: [], reasons: [] },
          advice: {
            curve: 'pop',
            curveReason: 'genre guessed as pop (60 %)',
            thirdOctaves: Array.from({ length: 31 }, (_, k) => ({
              centreHz: Math.round(1000 * 10 ** ((k - 17) / 10)),
              differenceDb: k === 30 ? null : k === 11 ? 8 : 1,
              usualLowDb: -4,
              usualHighDb: 4,
            })),
            suggestions: [
              {
                id: 'mud',
                severity: 'high',
                message: 'Muddy: 200 to 500 Hz lie 7.5 dB above the curve.',
                lowHz: 200,
                highHz: 500,
                measured: 7.5,
                limit: 6,
                unit: 'dB',
                action: 'Cut there.',
                amountDb: -2.3,
              },
            ],
          },
        },
      },
    ],
    notes: [{ severity: 'warning', message: 'cut <short>' }],
    outputs: [{ kind: 'report', path: 'report.json', sha256: 'cd'.repeat(32) }],
  };
}
