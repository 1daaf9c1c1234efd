// Weights of the channels in a loudness sum, by the speaker positions of a WAV file or, where it does not tell them, by
// the usual layout of the channel count (mono, stereo, L R C, quad, 5.0, 5.1, 6.1, 7.1).

const LFE = 0x8;
const BACK_PAIR = 0x30;
const SIDE_PAIR = 0x600;
/** Speaker positions by channel count, as WAVE_FORMAT_EXTENSIBLE has them. */
const USUAL_MASKS = [0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x13f, 0x63f];
/** About +1.5 dB, for speakers between 60° and 120° to the side. */
const SURROUND_WEIGHT = 1.41;

/**
 * One weight per channel: 0 for the LFE, 1.41 for surrounds at the side, 1 for all others. Back speakers count as
 * surrounds where there are no side speakers (5.1 is stored either way); in 7.1 they stand behind 120° and weigh 1.
 * @source ITU-R BS.1770-5, Annex 1 table 3, Annex 3 table 4
 */
export function channelWeights(channelCount: number, channelMask = 0): Float64Array {
  const isTold = bitCount(channelMask) === channelCount;
  const mask = isTold ? channelMask : (USUAL_MASKS[channelCount] ?? 0);
  const surrounds = (mask & SIDE_PAIR) !== 0 ? SIDE_PAIR : BACK_PAIR;
  const weights = new Float64Array(channelCount).fill(1);
  let channel = 0;
  for (let bit = 1; bit <= mask && channel < channelCount; bit *= 2) {
    if ((mask & bit) === 0) continue;
    if (bit === LFE) weights[channel] = 0;
    else if ((surrounds & bit) !== 0) weights[channel] = SURROUND_WEIGHT;
    channel++;
  }
  return weights;
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}
