import { describe, expect, it } from 'vitest';
import { BAND_COUNT } from '../../../src/dsp/rhythm/band-frames.js';
import { BAR_CUE_COUNT, barCues } from '../../../src/dsp/rhythm/bar-cues.js';
import { judgeDownbeats } from '../../../src/dsp/rhythm/bar-network.js';
import { trackBars } from '../../../src/dsp/rhythm/bar-tracker.js';

const BEAT_SEC = 0.6;
/** I–vi–IV–V, one chord a bar: its pitch classes and its bass. */
const CHORDS = [
  [0, 4, 7],
  [9, 0, 4],
  [5, 9, 0],
  [7, 11, 2],
];

/** Beats of a piece whose bars the network hears equally well in two places; only the chords tell them apart. */
function ambiguousPiece(barCount: number, pickupBeats: number, key: number) {
  const count = 4 * barCount + pickupBeats;
  const beatsSec = Array.from({ length: count }, (_, k) => 1 + k * BEAT_SEC);
  const segments = beatsSec.map((startSec, k) => {
    const chord = CHORDS[Math.floor((k + 4 - pickupBeats) / 4) % 4]!;
    const chroma = new Float64Array(12).fill(0.05);
    const bass = new Float64Array(12).fill(0.02);
    for (const pitch of chord) chroma[(pitch + key) % 12] = 1;
    bass[(chord[0]! + key) % 12] = 1;
    return { startSec, chroma, bass };
  });
  const frames = Math.ceil(50 * (2 + count * BEAT_SEC));
  const beat = new Float32Array(frames);
  const downbeat = new Float32Array(frames);
  for (const [k, sec] of beatsSec.entries()) {
    const frame = Math.round(50 * sec);
    beat[frame] = 0.9;
    downbeat[frame] = (k - pickupBeats) % 2 === 0 ? 0.6 : 0.1;
  }
  const bands = new Uint8Array(2 * frames * BAND_COUNT).fill(100);
  return { beatsSec, segments, bands, activations: { beat, downbeat } };
}

describe('judgeDownbeats', () => {
  it.each([0, 1, 2, 3])(
    'tells bars by their chords where drums are silent on it, %i beats before the first',
    (pickup) => {
      const { beatsSec, segments, bands, activations } = ambiguousPiece(16, pickup, 3);
      const cues = barCues(beatsSec, segments, bands, activations);
      expect(cues).toHaveLength(BAR_CUE_COUNT * beatsSec.length);
      const { meter, places } = trackBars(judgeDownbeats(cues, beatsSec.length));
      expect(meter).toBe(4);
      const right = places.filter((place, k) => (place === 0) === ((k - pickup) % 4 === 0)).length;
      expect(right / places.length).toBeGreaterThan(0.95);
    },
  );

  it('judges a piece in another key alike', () => {
    const judge = (key: number): Float32Array => {
      const { beatsSec, segments, bands, activations } = ambiguousPiece(8, 2, key);
      return judgeDownbeats(barCues(beatsSec, segments, bands, activations), beatsSec.length);
    };
    const [one, other] = [judge(0), judge(7)];
    for (const [k, value] of one.entries()) expect(other[k]).toBeCloseTo(value, 5);
  });

  it('gives nothing for no beats, and finite values for silence', () => {
    expect(judgeDownbeats(new Float32Array(0), 0)).toHaveLength(0);
    const beatsSec = [1, 1.5, 2];
    const silent = { beat: new Float32Array(150), downbeat: new Float32Array(150) };
    const cues = barCues(beatsSec, [], new Uint8Array(300 * BAND_COUNT), silent);
    for (const value of judgeDownbeats(cues, 3)) expect(value).toBeGreaterThan(0);
  });
});
