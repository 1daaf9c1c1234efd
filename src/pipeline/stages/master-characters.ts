// The four characters: documented sets of settings for the chain before the limiter. docs/mastering.md shows what they
// measure. Levels are relative to the music: thresholds to the loud level of each band, drive to the peak.

/** From the lowest band to the highest. */
type PerBand = readonly [number, number, number, number];

export interface Character {
  readonly id: CharacterId;
  readonly summary: string;
  /** Share of the spectral correction that is made. */
  readonly correctionPercent: number;
  /** Compression per band; 1 leaves a band as it is. */
  readonly ratios: PerBand;
  /** Threshold below the level that a band exceeds a tenth of the time, in dB. */
  readonly thresholdBelowLoudDb: number;
  readonly attackMs: PerBand;
  readonly releaseMs: PerBand;
  readonly transientDb: PerBand;
  /** Level that the highest peak has in the curve, in dB against its knee; null for no saturation. */
  readonly peakIntoCurveDb: number | null;
  readonly evenPercent: number;
  readonly saturationMixPercent: number;
  readonly widthsPercent: PerBand;
}

export const CHARACTER_IDS = ['clean', 'valve', 'punch', 'transparent'] as const;
export type CharacterId = (typeof CHARACTER_IDS)[number];

export const CHARACTERS: Readonly<Record<CharacterId, Character>> = {
  clean: {
    id: 'clean',
    summary: 'balance and gentle dynamics, no saturation',
    correctionPercent: 60,
    ratios: [1.5, 1.4, 1.4, 1.4],
    thresholdBelowLoudDb: 6,
    attackMs: [30, 25, 20, 15],
    releaseMs: [220, 180, 150, 120],
    transientDb: [0, 0, 0, 0],
    peakIntoCurveDb: null,
    evenPercent: 0,
    saturationMixPercent: 0,
    widthsPercent: [100, 100, 100, 100],
  },
  valve: {
    id: 'valve',
    summary: 'warm: even harmonics, smooth compression, softened attacks',
    correctionPercent: 60,
    ratios: [2, 2, 1.8, 1.6],
    thresholdBelowLoudDb: 9,
    attackMs: [25, 20, 15, 12],
    releaseMs: [240, 220, 200, 180],
    transientDb: [0, -1, -1.5, -1.5],
    peakIntoCurveDb: -6,
    evenPercent: 40,
    saturationMixPercent: 70,
    widthsPercent: [85, 100, 105, 105],
  },
  punch: {
    id: 'punch',
    summary: 'sharpened attacks, firm lows, odd harmonics',
    correctionPercent: 60,
    ratios: [2.5, 2, 2, 2],
    thresholdBelowLoudDb: 9,
    attackMs: [40, 35, 25, 20],
    releaseMs: [140, 110, 90, 70],
    transientDb: [3, 3, 4, 3],
    peakIntoCurveDb: -6,
    evenPercent: 0,
    saturationMixPercent: 70,
    widthsPercent: [40, 100, 108, 112],
  },
  transparent: {
    id: 'transparent',
    summary: 'corrections of the spectrum alone',
    correctionPercent: 40,
    ratios: [1, 1, 1, 1],
    thresholdBelowLoudDb: 0,
    attackMs: [30, 30, 30, 30],
    releaseMs: [200, 200, 200, 200],
    transientDb: [0, 0, 0, 0],
    peakIntoCurveDb: null,
    evenPercent: 0,
    saturationMixPercent: 0,
    widthsPercent: [100, 100, 100, 100],
  },
};

/** Kinds of music with their house curve and the character that suits them. */
export const GENRES = {
  pop: 'clean',
  rock: 'valve',
  edm: 'punch',
  hiphop: 'punch',
  jazz: 'clean',
  classical: 'transparent',
  metal: 'punch',
  indie: 'valve',
  speech: 'clean',
} as const satisfies Readonly<Record<string, CharacterId>>;

export type GenreId = keyof typeof GENRES;
export const GENRE_IDS = Object.keys(GENRES) as GenreId[];
