// Limits of what the players take: tempi and meters.

export const MIN_TEMPO_BPM = 40;
export const MAX_TEMPO_BPM = 240;

/** The meters that the drummer plays. */
export const METERS = ['2/4', '3/4', '4/4', '5/4', '6/4', '7/4', '5/8', '6/8', '7/8', '9/8', '12/8'] as const;
