import { describe, expect, it } from 'vitest';
import { createComplexFft } from '../../../src/dsp/fft.js';
import { createKernelFft, kernelFftBytes } from '../../../src/dsp/kernels/fft.js';
import { createKernels } from '../../../src/dsp/kernels/instance.js';
import { noise } from '../signals.js';

describe.each([16, 32, 64, 128, 1024, 2048, 4096, 16384])('kernel transform of %i values', (size) => {
  const fft = createKernelFft(createKernels(kernelFftBytes(size)), size);

  it('equals the float64 transform to −130 dB', () => {
    const re = Float64Array.from(noise(size, 1));
    const im = Float64Array.from(noise(size, 2));
    fft.re.set(re);
    fft.im.set(im);
    fft.forward();
    createComplexFft(size).forward(re, im);
    let error = 0;
    let power = 0;
    for (let k = 0; k < size; k++) {
      error += (fft.re[k]! - re[k]!) ** 2 + (fft.im[k]! - im[k]!) ** 2;
      power += re[k]! ** 2 + im[k]! ** 2;
    }
    expect(10 * Math.log10(error / power)).toBeLessThan(-130);
  });

  it('comes back by the inverse', () => {
    const re = noise(size, 3);
    fft.re.set(re);
    fft.im.fill(0);
    fft.forward();
    fft.inverse();
    for (let i = 0; i < size; i++) expect(fft.re[i]! / size).toBeCloseTo(re[i]!, 5);
  });
});
