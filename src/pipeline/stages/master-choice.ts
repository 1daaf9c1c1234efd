// Chooses a kind of music, and with it curve and character, from measures, by a few rules that are said in the report.
// The rules tell speech from music and heavy, dynamic and dense music from each other; they do not name styles with
// certainty, and --genre, --character and --curve override them.
import type { Dynamics, StereoImage } from '../../dsp/levels/figures.js';
import type { Loudness } from '../../dsp/loudness/programme.js';
import type { SpectrumFigures } from '../../dsp/spectrum/figures.js';
import { type CharacterId, GENRES, type GenreId } from './master-characters.js';

export interface ChoiceEvidence {
  readonly loudness: Loudness;
  readonly dynamics: Dynamics;
  readonly stereo: StereoImage;
  readonly spectrum: SpectrumFigures;
  /** Mean squares of every 100 ms. */
  readonly hopMeans: Float64Array;
}

export interface Choice {
  readonly genre: GenreId | null;
  readonly character: CharacterId;
  /** Id or path of a curve. */
  readonly curve: string;
  readonly reason: string;
}

/** What a user has asked for. */
export interface ChoiceWish {
  readonly genre: GenreId | 'auto';
  readonly character: CharacterId | 'auto';
  readonly curve: string;
}

/** Curve and character: those asked for, else those of the genre asked for, else those of the genre that measures suggest. */
export function chooseCharacter(wish: ChoiceWish, evidence: ChoiceEvidence): Choice {
  const guess =
    wish.genre === 'auto'
      ? guessGenre(evidence)
      : { genre: wish.genre, reason: `genre ${wish.genre} as asked` };
  const character = wish.character === 'auto' ? GENRES[guess.genre] : wish.character;
  const curve = wish.curve === 'auto' ? guess.genre : wish.curve;
  const words = [guess.reason];
  if (wish.character !== 'auto') words.push(`character ${character} as asked`);
  if (wish.curve !== 'auto') words.push(`curve ${curve} as asked`);
  const isAllAsked = wish.character !== 'auto' && wish.curve !== 'auto';
  return {
    genre: isAllAsked ? null : guess.genre,
    character,
    curve,
    reason: (isAllAsked ? words.slice(1) : words).join('; '),
  };
}

/** Share of the 100 ms hops that lie 20 dB or more under the loud ones: the pauses between words. */
export function pauseShare(hopMeans: Float64Array): number {
  if (hopMeans.length === 0) return 0;
  const sorted = Float64Array.from(hopMeans).sort();
  const loud = sorted[Math.floor(0.9 * (sorted.length - 1))]!;
  return hopMeans.filter((mean) => mean < loud / 100).length / hopMeans.length;
}

function guessGenre({ loudness, dynamics, stereo, spectrum, hopMeans }: ChoiceEvidence): {
  genre: GenreId;
  reason: string;
} {
  const { bands, tiltDbPerOctave } = spectrum;
  const subDb = bands.subBass ?? -99;
  const bassDb = bands.bass ?? -99;
  const highDb = Math.max(bands.presence ?? -99, bands.air ?? -99);
  const crestDb = dynamics.crestFactorDb ?? 0;
  const rangeLu = loudness.loudnessRangeLu ?? 0;
  const pauses = pauseShare(hopMeans);
  const isNarrow = stereo.sideToMidDb === null || stereo.sideToMidDb < -25;
  const crest = `crest factor ${crestDb.toFixed(1)} dB`;
  const range = `loudness range ${rangeLu.toFixed(1)} LU`;
  const lows = `${subDb.toFixed(1)} dB below 60 Hz, ${bassDb.toFixed(1)} dB in the bass`;

  if (pauses > 0.12 && isNarrow && subDb < -18) {
    return {
      genre: 'speech',
      reason: `speech: ${(100 * pauses).toFixed(0)} % pauses, next to no side, ${subDb.toFixed(1)} dB below 60 Hz`,
    };
  }
  if (rangeLu > 12 && crestDb > 17 && subDb < -10) {
    return { genre: 'classical', reason: `classical: ${range}, ${crest}, light lows` };
  }
  if (subDb > -5 && crestDb < 18) {
    const genre = (tiltDbPerOctave ?? 0) > -5 && highDb > -22 ? 'edm' : 'hiphop';
    return { genre, reason: `${genre}: ${lows}, ${crest}` };
  }
  if (crestDb > 16.5 && (tiltDbPerOctave ?? 0) < -5.5) {
    return { genre: 'jazz', reason: `jazz: ${crest}, ${(tiltDbPerOctave ?? 0).toFixed(1)} dB an octave` };
  }
  if (crestDb < 11 && (bands.highMid ?? -99) > -12 && rangeLu < 6) {
    return {
      genre: 'metal',
      reason: `metal: ${crest}, ${range}, ${(bands.highMid ?? -99).toFixed(1)} dB at 2 to 6 kHz`,
    };
  }
  if (crestDb < 14 && (bands.mid ?? -99) > bassDb) {
    return { genre: 'rock', reason: `rock: ${crest}, more in the mids than in the bass` };
  }
  return { genre: 'pop', reason: `pop, for want of a stronger sign: ${crest}, ${range}, ${lows}` };
}
