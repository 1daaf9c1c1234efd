import { describe, expect, it } from 'vitest';
import { createRealFft } from '../../../src/dsp/fft.js';
import { createKernels } from '../../../src/dsp/kernels/instance.js';
import { createTwinFft, twinFftBytes } from '../../../src/dsp/kernels/twin-fft.js';
import { noise } from '../signals.js';

describe.each([8, 12, 20, 32, 128, 960, 2048])('two real transforms of %i values at once', (size) => {
  const kernels = createKernels(twinFftBytes(size));
  const twin = createTwinFft(kernels, size);
  const plain = createRealFft(size);
  const signals = [noise(size, 3), noise(size, 4)] as const;
  const bins = () => new Float64Array(plain.binCount);
  const lane = (values: Float64Array, signal: number) => values.filter((_, at) => at % 2 === signal);

  function load(): void {
    for (const [signal, samples] of signals.entries())
      for (const [n, value] of samples.entries())
        (n % 2 === 0 ? twin.even : twin.odd)[2 * (n >> 1) + signal] = value;
  }

  it('give the bins of the plain form to the last bit', () => {
    load();
    twin.forward();
    for (const [signal, samples] of signals.entries()) {
      const [re, im] = [bins(), bins()];
      plain.forward(samples, re, im);
      expect(lane(twin.re, signal)).toEqual(re);
      expect(lane(twin.im, signal)).toEqual(im);
    }
  });

  it('give the values of a spectrum to the last bit', () => {
    load();
    twin.forward();
    const spectra = [0, 1].map((signal) => [lane(twin.re, signal), lane(twin.im, signal)] as const);
    const halves = twin.inverseUnscaled().map((values) => values.map((value) => value * (1 / (size / 2))));
    for (const [signal, [re, im]] of spectra.entries()) {
      const values = new Float64Array(size);
      plain.inverse(re, im, values);
      expect(lane(halves[0]!, signal)).toEqual(values.filter((_, n) => n % 2 === 0));
      expect(lane(halves[1]!, signal)).toEqual(values.filter((_, n) => n % 2 === 1));
    }
  });

  it('give the values of a real spectrum to the last bit', () => {
    load();
    twin.forward();
    const spectra = [lane(twin.re, 0), lane(twin.re, 1)];
    twin.inverseReal();
    for (const [signal, re] of spectra.entries()) {
      const values = new Float64Array(size);
      plain.inverse(re, bins(), values);
      expect(lane(twin.even, signal)).toEqual(values.filter((_, n) => n % 2 === 0));
      expect(lane(twin.odd, signal)).toEqual(values.filter((_, n) => n % 2 === 1));
    }
  });
});
