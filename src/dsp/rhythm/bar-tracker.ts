// Numbers beats within bars: for each meter from 2 to 7 beats, the most probable places of the downbeats by a hidden
// Markov model over beats; the meter with the highest probability wins. Bars of another length cost, but are allowed.

/** Prior probabilities of bars of 2 … 7 beats in the music that is mastered today. */
const METER_PRIOR: Readonly<Record<number, number>> = { 2: 0.02, 3: 0.12, 4: 0.8, 5: 0.02, 6: 0.02, 7: 0.02 };
const SMALLEST_PROBABILITY = 0.02;

/** Settings, chosen on the validation set. */
export const BAR_MODEL = {
  /** Probability that a bar starts where the meter does not expect one. */
  slip: 2e-3,
  /** Activation at which a beat is as likely to be a downbeat as not. */
  evenActivation: 0.55,
  /** Share of the beats that count as independent evidence for a meter: songs repeat their bars. */
  evidenceShare: 0.14,
  /** A bar of four whose third beat is at least so strong, against its first, is two bars of two. */
  evenHalves: 0.95,
};

export interface BarTrack {
  /** Beats in a bar. */
  readonly meter: number;
  /** Share of the probability that the meter has among 2 … 7. */
  readonly meterConfidence: number;
  /** Place in the bar of each beat, 0 for a downbeat. */
  readonly places: number[];
  /** Log-probability of the downbeat activations under the bars of the meter that explains each of them best. */
  readonly logScore: number;
}

/**
 * Bars over beats whose downbeat activations (0 … 1, one for each beat) are given; `meter` fixes the beats in a bar.
 * No beats give 4 beats a bar with confidence 0.
 */
export function trackBars(downbeatActivation: ArrayLike<number>, meter?: number): BarTrack {
  if (downbeatActivation.length === 0)
    return { meter: meter ?? 4, meterConfidence: 0, places: [], logScore: 0 };
  const meters = meter === undefined ? [2, 3, 4, 5, 6, 7] : [meter];
  const tracks = meters.map((beats) => {
    const decoded = decodeBars(downbeatActivation, beats);
    const prior = Math.log(METER_PRIOR[beats] ?? 0.02);
    return {
      beats,
      places: decoded.places,
      score: BAR_MODEL.evidenceShare * decoded.score + prior,
      logScore: decoded.score + prior,
    };
  });
  let best = tracks.reduce((a, b) => (b.score > a.score ? b : a));
  if (meter === undefined && (best.beats === 2 || best.beats === 4)) {
    const [two, , four] = tracks;
    const [first, third] = [0, 2].map((place) => meanAt(place, four!.places, downbeatActivation));
    best = third! >= BAR_MODEL.evenHalves * first! ? two! : four!;
  }
  const sum = tracks.reduce((total, track) => total + Math.exp(track.score - best.score), 0);
  return {
    meter: best.beats,
    meterConfidence: meter === undefined ? 1 / sum : 1,
    places: best.places,
    logScore: Math.max(...tracks.map(({ logScore }) => logScore)),
  };
}

function meanAt(place: number, places: readonly number[], activation: ArrayLike<number>): number {
  const there = places.flatMap((other, k) => (other === place ? [activation[k]!] : []));
  return there.reduce((sum, value) => sum + value, 0) / Math.max(1, there.length);
}

function decodeBars(activation: ArrayLike<number>, beats: number): { places: number[]; score: number } {
  const count = activation.length;
  const from = new Int8Array(count * beats);
  let scores = new Float64Array(beats);
  let next = new Float64Array(beats);
  const claim = Math.log(BAR_MODEL.evenActivation);
  const pass = Math.log(1 - BAR_MODEL.evenActivation);
  const slip = Math.log(BAR_MODEL.slip / beats);
  const stay = Math.log(1 - BAR_MODEL.slip);
  for (let k = 0; k < count; k++) {
    const p = Math.min(1 - SMALLEST_PROBABILITY, Math.max(SMALLEST_PROBABILITY, activation[k]!));
    let top = 0;
    for (let place = 1; place < beats; place++) if (scores[place]! > scores[top]!) top = place;
    for (let place = 0; place < beats; place++) {
      const before = (place + beats - 1) % beats;
      const steady = scores[before]! + stay;
      // Only a downbeat can come unexpected.
      const sudden = place === 0 ? scores[top]! + slip : Number.NEGATIVE_INFINITY;
      from[k * beats + place] = k === 0 ? -1 : steady >= sudden ? before : top;
      const arrive = k === 0 ? -Math.log(beats) : Math.max(steady, sudden);
      next[place] = arrive + (place === 0 ? Math.log(p) - claim : Math.log(1 - p) - pass);
    }
    [scores, next] = [next, scores];
  }
  let place = 0;
  for (let k = 1; k < beats; k++) if (scores[k]! > scores[place]!) place = k;
  const score = scores[place]!;
  const places = new Array<number>(count);
  for (let k = count - 1; k >= 0; k--) {
    places[k] = place;
    place = from[k * beats + place]!;
  }
  return { places, score };
}
