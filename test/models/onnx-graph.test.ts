// The patch of recurrent graphs, on a tiny network made here: a padded time convolution followed by a GRU.
import { describe, expect, it } from 'vitest';
import { exposeRecurrentState } from '../../src/models/onnx-graph.js';
import { createSession } from '../../src/models/session.js';
import { encodeRecurrentModel } from './onnx-fixture.js';

const FRAMES = 24;
const signal = Float32Array.from({ length: FRAMES }, (_, t) => Math.sin(t * 1.3) + (t % 5) / 4);

describe('exposeRecurrentState', () => {
  it.each([1, 3, 8])('gives the whole-file result in chunks of %i frames', async (chunk) => {
    const original = encodeRecurrentModel();
    const whole = await createSession(original, { label: 'whole' });
    const expected = await whole.run({ x: { data: signal, shape: [1, 1, FRAMES] } }, ['y']);

    const patched = exposeRecurrentState(original, 2);
    expect(patched.stateNames).toEqual(['h0']);
    const session = await createSession(patched.bytes, { label: 'patched' });
    expect(session.inputs.map((input) => input.name)).toEqual(['x', 'h0']);
    expect(session.outputs.map((output) => output.name)).toEqual(['y', 'h0_out']);

    const got: number[] = [];
    let state = new Float32Array(2);
    for (let start = 0; start < FRAMES; start += chunk) {
      // Two frames before the chunk take the place of the zero padding.
      const data = Float32Array.from({ length: chunk + 2 }, (_, n) => signal[start - 2 + n] ?? 0);
      const result = await session.run({
        x: { data, shape: [1, 1, chunk + 2] },
        h0: { data: state, shape: [1, 1, 2] },
      });
      got.push(...(result.y!.data as Float32Array));
      state = result.h0_out!.data as Float32Array<ArrayBuffer>;
    }
    expect(got).toHaveLength(expected.y!.data.length);
    const worst = got.reduce(
      (most, value, n) => Math.max(most, Math.abs(value - Number(expected.y!.data[n]))),
      0,
    );
    expect(worst).toBeLessThan(1e-6);
    expect(Math.max(...got.map(Math.abs))).toBeGreaterThan(0.05);
  });

  it('gives inputs with more frames a dimension of their own', async () => {
    const { bytes } = exposeRecurrentState(encodeRecurrentModel(), 2, ['x']);
    const session = await createSession(bytes, { label: 'patched' });
    expect(session.inputs[0]).toMatchObject({ name: 'x', shape: [1, 1, 'x_S'] });
  });

  it('refuses bytes that are no protobuf message', () => {
    expect(() => exposeRecurrentState(Uint8Array.of(0x3a, 0x7f, 1), 2)).toThrow(RangeError);
  });
});
