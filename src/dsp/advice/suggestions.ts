// What one might change in a mix, by rules over its measures: regions of the spectrum that leave the usual range of a
// target curve, peaks, dynamics and the stereo image. Every rule states its figure and its limit; nothing is learnt.
//
// Regions and their names follow the common vocabulary of mixing (Owsinski, The Mixing Engineer's Handbook; Izhaki,
// Mixing Audio): boom around 100 Hz, mud from 200 to 500 Hz, harshness from 2 to 6 kHz, sibilance from 5 to 9 kHz, air
// above 10 kHz. How far a region may be off before it is named is TOLERANCE_DB beyond the curve's own range.
import { roundTo } from '../../units.js';
import { THIRD_OCTAVES_HZ } from '../spectrum/bands.js';
import { distancesFrom, type TargetBand } from '../spectrum/correction.js';
import type { Advice, Suggestion, SuggestionId } from './schema.js';

export interface AdviceMeasures {
  /** dB of the total power, one per band of THIRD_OCTAVES_HZ. */
  readonly thirdOctavesDb: readonly (number | null)[];
  /** By names of analyze's schema; undefined where it was not measured. */
  readonly loudness:
    | {
        readonly integratedLufs?: number | null;
        readonly plrLu: number | null;
        readonly truePeakDbtp: number | null;
      }
    | undefined;
  readonly dynamics: { readonly clippedSampleCount: number; readonly dcOffset: number | null } | undefined;
  readonly stereo: { readonly correlation: number | null; readonly sideToMidDb: number | null } | undefined;
  /** Side over mid below LOWS_HZ in dB; null for mono. */
  readonly lowSideToMidDb: number | null;
}

/** Upper end of what should be near the middle. */
export const LOWS_HZ = 120;
const TOLERANCE_DB = 3;
/** Gains to try never exceed this; a boost of the top is bounded closer, since it raises noise. */
const LARGEST_CUT_DB = -4;
const LARGEST_BOOST_DB = 3;
const LARGEST_AIR_BOOST_DB = 2;
/** A master whose peaks stand less than this over its loudness was limited hard (PLR of loud releases: 7 to 9). */
const LEAST_PLR_LU = 7;
/** What the largest streaming services play at: presets/masters/spotify.yaml has the source. */
const STREAMING_LUFS = -14;
const HIGHEST_TRUE_PEAK_DBTP = 0;
const LARGEST_DC = 0.001;
/** Lows this close to the middle's level do not survive vinyl and mono systems. */
const HIGHEST_LOW_SIDE_DB = -10;
const NARROW_SIDE_DB = -26;
const LOWEST_CORRELATION = 0;

interface Region {
  readonly id: SuggestionId;
  readonly lowHz: number;
  readonly highHz: number;
  readonly side: 'above' | 'below';
  readonly name: string;
  readonly action: string;
}

const REGIONS: readonly Region[] = [
  {
    id: 'boom',
    lowHz: 40,
    highHz: 125,
    side: 'above',
    name: 'boomy',
    action: 'Cut or compress the bass or the kick there.',
  },
  {
    id: 'thin',
    lowHz: 80,
    highHz: 250,
    side: 'below',
    name: 'thin',
    action: 'Raise the body of bass and lower voices there.',
  },
  {
    id: 'mud',
    lowHz: 200,
    highHz: 500,
    side: 'above',
    name: 'muddy',
    action: 'Cut there, first in what does not need it (pads, guitars, room).',
  },
  {
    id: 'harshness',
    lowHz: 2000,
    highHz: 6300,
    side: 'above',
    name: 'harsh',
    action: 'Cut there, or tame it dynamically in the loudest source.',
  },
  {
    id: 'sibilance',
    lowHz: 5000,
    highHz: 9000,
    side: 'above',
    name: 'sharp in the sibilants',
    action: 'De-ess the voice, or lower the cymbals.',
  },
  {
    id: 'dullness',
    lowHz: 10_000,
    highHz: 16_000,
    side: 'below',
    name: 'without air',
    action: 'Raise the top gently by a shelf.',
  },
];

/** Compares and suggests. `curve` names the target and why it was taken. */
export function advise(
  measures: AdviceMeasures,
  target: readonly (TargetBand | null)[],
  curve: { readonly id: string; readonly reason: string },
): Advice {
  const differencesDb = distancesFrom(measures.thirdOctavesDb, target);
  const found = [
    ...REGIONS.flatMap((region) => judgeRegion(region, differencesDb, target)),
    ...judgePeaks(measures),
    ...judgeImage(measures),
  ];
  // How often the tolerance or limit is exceeded orders them; the severity is read off it.
  found.sort((a, b) => b.weight - a.weight);
  return {
    curve: curve.id,
    curveReason: curve.reason,
    thirdOctaves: THIRD_OCTAVES_HZ.map((centreHz, i) => {
      const band = target[i];
      const rounded = (db: number | null | undefined): number | null =>
        db === null || db === undefined ? null : roundTo(db, 2);
      return {
        centreHz,
        differenceDb: rounded(differencesDb[i]),
        usualLowDb: rounded(band && band.lowDb - band.medianDb),
        usualHighDb: rounded(band && band.highDb - band.medianDb),
      };
    }),
    suggestions: found.map(({ weight, suggestion }) => ({
      ...suggestion,
      severity: weight >= 2 ? 'high' : weight >= 1 ? 'medium' : 'low',
    })),
  };
}

interface Found {
  /** 1 where it clearly matters, 2 where it can't be left. */
  readonly weight: number;
  readonly suggestion: Omit<Suggestion, 'severity'>;
}

function judgeRegion(
  region: Region,
  differencesDb: readonly (number | null)[],
  target: readonly (TargetBand | null)[],
): Found[] {
  const sign = region.side === 'above' ? 1 : -1;
  let sum = 0;
  let usual = 0;
  let count = 0;
  for (const [i, centreHz] of THIRD_OCTAVES_HZ.entries()) {
    const difference = differencesDb[i];
    const band = target[i];
    if (centreHz < region.lowHz || centreHz > region.highHz) continue;
    if (difference === null || difference === undefined || !band) continue;
    sum += difference;
    usual += sign > 0 ? band.highDb - band.medianDb : band.medianDb - band.lowDb;
    count++;
  }
  if (count === 0) return [];
  const measured = sum / count;
  const limit = sign * (usual / count + TOLERANCE_DB);
  const excessDb = sign * (measured - limit);
  if (excessDb <= 0) return [];
  const largestBoostDb = region.id === 'dullness' ? LARGEST_AIR_BOOST_DB : LARGEST_BOOST_DB;
  // Half of the way back to the usual range: the ear decides on the rest.
  const amountDb = Math.max(
    LARGEST_CUT_DB,
    Math.min(largestBoostDb, -sign * 0.5 * (excessDb + TOLERANCE_DB)),
  );
  return [
    {
      weight: excessDb / TOLERANCE_DB,
      suggestion: {
        id: region.id,
        message: `${capital(region.name)}: ${region.lowHz} to ${region.highHz} Hz lie ${Math.abs(measured).toFixed(1)} dB ${region.side} the curve.`,
        lowHz: region.lowHz,
        highHz: region.highHz,
        measured: roundTo(measured, 2),
        limit: roundTo(limit, 2),
        unit: 'dB',
        action: region.action,
        amountDb: roundTo(amountDb, 1),
      },
    },
  ];
}

function judgePeaks({ loudness, dynamics }: AdviceMeasures): Found[] {
  const found: Found[] = [];
  const clipped = dynamics?.clippedSampleCount ?? 0;
  if (clipped > 0) {
    found.push(
      plain('clipping', clipped > 100 ? 2.5 : 1.2, clipped, 0, 'samples', {
        message: `Clipped: ${clipped} samples stand in runs at full scale.`,
        action: 'Lower the level before what clips, or let forge restore the peaks (clipping).',
      }),
    );
  }
  const truePeak = loudness?.truePeakDbtp ?? null;
  if (truePeak !== null && truePeak > HIGHEST_TRUE_PEAK_DBTP) {
    found.push(
      plain('overs', 1 + truePeak, truePeak, HIGHEST_TRUE_PEAK_DBTP, 'dBTP', {
        message: `Inter-sample overs: the true peak reaches ${truePeak.toFixed(2)} dBTP.`,
        action: 'Limit to −1 dBTP by a true-peak limiter.',
      }),
    );
  }
  const plr = loudness?.plrLu ?? null;
  if (plr !== null && plr < LEAST_PLR_LU) {
    found.push(
      plain('over-limited', (LEAST_PLR_LU - plr) / 1.5 + 0.5, plr, LEAST_PLR_LU, 'LU', {
        message: `Limited hard: peaks stand only ${plr.toFixed(1)} LU over the loudness.`,
        action: `Ease the limiter: ${turnedDown(loudness?.integratedLufs ?? null)}.`,
      }),
    );
  }
  const dc = dynamics?.dcOffset ?? null;
  if (dc !== null && Math.abs(dc) > LARGEST_DC) {
    found.push(
      plain('dc', Math.min(2, Math.abs(dc) / 0.01), dc, LARGEST_DC, 'of full scale', {
        message: `Direct current: the samples' mean is ${dc.toFixed(4)} of full scale.`,
        action: 'Remove it by a high-pass filter or forge restore (dc).',
      }),
    );
  }
  return found;
}

/** What the loudness that the limiter bought is worth on a platform. */
function turnedDown(integratedLufs: number | null): string {
  const downDb = integratedLufs === null ? 0 : integratedLufs - STREAMING_LUFS;
  return downDb > 0
    ? `platforms that play at ${STREAMING_LUFS} LUFS turn this down by ${downDb.toFixed(1)} dB`.replace(
        '-',
        '−',
      )
    : 'the peaks it took off are not needed for this loudness';
}

function judgeImage({ stereo, lowSideToMidDb }: AdviceMeasures): Found[] {
  const found: Found[] = [];
  const correlation = stereo?.correlation ?? null;
  if (correlation !== null && correlation < LOWEST_CORRELATION) {
    found.push(
      plain('phase', 1.5 - correlation, correlation, LOWEST_CORRELATION, '', {
        message: `Phase trouble: the channels' correlation is ${correlation.toFixed(2)}; much is lost in mono.`,
        action: 'Look for a channel of reversed polarity or a widener that is too strong.',
      }),
    );
  }
  if (lowSideToMidDb !== null && lowSideToMidDb > HIGHEST_LOW_SIDE_DB) {
    found.push({
      weight: (lowSideToMidDb - HIGHEST_LOW_SIDE_DB) / 6 + 0.4,
      suggestion: {
        ...plain('wide-lows', 0, lowSideToMidDb, HIGHEST_LOW_SIDE_DB, 'dB', {
          message: `Wide lows: below ${LOWS_HZ} Hz the sides lie ${Math.abs(lowSideToMidDb).toFixed(1)} dB ${lowSideToMidDb < 0 ? 'under' : 'over'} the middle.`,
          action: `Make the mix mono below ${LOWS_HZ} Hz.`,
        }).suggestion,
        lowHz: 20,
        highHz: LOWS_HZ,
      },
    });
  }
  const width = stereo?.sideToMidDb ?? null;
  if (width !== null && width > -120 && width < NARROW_SIDE_DB) {
    found.push(
      plain('narrow', 0.5, width, NARROW_SIDE_DB, 'dB', {
        message: `Narrow: the sides lie ${Math.abs(width).toFixed(1)} dB under the middle.`,
        action: 'Pan or widen what need not stand in the middle.',
      }),
    );
  }
  return found;
}

function plain(
  id: SuggestionId,
  weight: number,
  measured: number,
  limit: number,
  unit: string,
  { message, action }: { readonly message: string; readonly action: string },
): Found {
  const figures = { measured: roundTo(measured, 4), limit, unit };
  return {
    weight,
    suggestion: { id, message, lowHz: null, highHz: null, ...figures, action, amountDb: null },
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
