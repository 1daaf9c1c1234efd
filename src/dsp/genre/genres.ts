// The genres among which a guess is made.

export const GENRES = ['pop', 'rock', 'edm', 'hip-hop', 'jazz', 'classical', 'metal', 'indie'] as const;
export type Genre = (typeof GENRES)[number];
