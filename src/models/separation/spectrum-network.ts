// Networks that take and give the spectra of a segment (the MDX family): [1,4,bins,frames] in, the same for each stem
// out. Transforms as torch.stft and torch.istft make them: periodic Hann, centred, mirrored at the segment's ends;
// planes are left real, left imaginary, right real, right imaginary. Half a window at both ends, where the mirror
// reaches, is context and does not come back.
import { createStft } from '../../dsp/stft.js';
import { ForgeError } from '../../errors.js';
import type { SeparationForm } from '../card.js';
import type { ModelSession, TensorInfo, TensorValue } from '../session.js';
import type { SegmentStems, SeparationNetwork } from './segment-network.js';

const DEFAULT_HOP_FRAMES = 1024;
/** Bins that UVR silences before its MDX networks. */
const DEFAULT_SILENCED_BINS = 3;

/**
 * Wraps a session whose one input is [1,4,bins,frames]. `frames` may be free: `wishedFrames` samples are then taken.
 * The length of the transform cannot be told from the shapes: the card states it.
 * @throws ForgeError model/incompatible
 * @source Kim et al., KUIELab-MDX-Net, ISMIR 2021 workshop; UVR's MDX processing
 */
export function createSpectrumNetwork(
  session: ModelSession,
  input: TensorInfo,
  stemCount: number,
  label: string,
  form: SeparationForm,
  wishedFrames: number,
): SeparationNetwork {
  const { fftSize, hopFrames = DEFAULT_HOP_FRAMES, silencedBins = DEFAULT_SILENCED_BINS, gain = 1 } = form;
  const bins = input.shape[2];
  if (fftSize === undefined || typeof bins !== 'number' || bins > fftSize / 2 + 1) {
    const wanted = fftSize === undefined ? 'separation.fftSize' : `at most ${fftSize / 2 + 1} bins`;
    throw new ForgeError(
      'model/incompatible',
      `expected ${wanted} on the card of ${label}, whose input is [${input.shape.join(',')}]`,
      { hint: 'A network of spectra needs a card that tells their transform; see docs/models.md.' },
    );
  }
  const contextFrames = fftSize / 2;
  const isFreeLength = typeof input.shape[3] !== 'number';
  const columns = isFreeLength
    ? Math.ceil((wishedFrames + fftSize) / hopFrames) + 1
    : (input.shape[3] as number);
  const wholeFrames = hopFrames * (columns - 1);
  const segmentFrames = wholeFrames - 2 * contextFrames;
  if (segmentFrames < 2)
    throw new ForgeError('model/incompatible', `expected more columns of ${label}, got ${columns}`);
  const stft = createStft({ fftSize, hopFrames, window: 'hann' });
  const re = new Float64Array(stft.binCount);
  const im = new Float64Array(stft.binCount);
  const mirrored = new Float32Array(wholeFrames + fftSize);
  const planeSize = bins * columns;

  const analyse = (samples: Float32Array, tensor: Float32Array, plane: number): void => {
    for (let i = 0; i < mirrored.length; i++) mirrored[i] = samples[mirror(i - contextFrames, wholeFrames)]!;
    for (let t = 0; t < columns; t++) {
      stft.analyse(mirrored, t * hopFrames, re, im);
      for (
        let bin = silencedBins, at = plane * planeSize + bin * columns + t;
        bin < bins;
        bin++, at += columns
      ) {
        tensor[at] = re[bin]!;
        tensor[at + planeSize] = im[bin]!;
      }
    }
  };
  const synthesise = (tensor: Float32Array, offset: number): Float32Array => {
    const samples = new Float32Array(segmentFrames);
    re.fill(0);
    im.fill(0);
    for (let t = 0; t < columns; t++) {
      for (let bin = 0, at = offset + t; bin < bins; bin++, at += columns) {
        re[bin] = gain * tensor[at]!;
        im[bin] = gain * tensor[at + planeSize]!;
      }
      stft.synthesise(re, im, samples, t * hopFrames - 2 * contextFrames);
    }
    return samples;
  };

  return {
    segmentFrames,
    contextFrames,
    isFreeLength,
    isNormalised: form.normalise === 'song',
    async separate(left, right) {
      const data = new Float32Array(4 * planeSize);
      analyse(left, data, 0);
      analyse(right, data, 2);
      const [output] = Object.values(
        await session.run({ [input.name]: { data, shape: [1, 4, bins, columns] } }),
      );
      const spectra = requireSpectra(output, stemCount * 4 * planeSize, label);
      return Array.from({ length: stemCount }, (_, stem): SegmentStems[number] => [
        synthesise(spectra, 4 * stem * planeSize),
        synthesise(spectra, (4 * stem + 2) * planeSize),
      ]);
    },
  };
}

function requireSpectra(output: TensorValue | undefined, size: number, label: string): Float32Array {
  if (output?.data instanceof Float32Array && output.data.length === size) return output.data;
  throw new ForgeError(
    'model/incompatible',
    `expected ${size} values in the output of ${label}, got [${output?.shape.join(',') ?? ''}]`,
    { hint: 'The list of stems on the model’s card and the network disagree.' },
  );
}

/** Index in a signal of `length` values that is mirrored at its ends, which are not repeated. */
function mirror(index: number, length: number): number {
  const period = 2 * (length - 1);
  const within = ((index % period) + period) % period;
  return within < length ? within : period - within;
}
