// The boundary to the runtime: names and shapes, shared memory, devices, and errors with their codes.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createSession, listSupportedDevices, requireTensors } from '../../src/models/session.js';
import { encodeAddModel } from './onnx-fixture.js';

const bytes = encodeAddModel();
const open = () => createSession(bytes, { label: 'add.onnx' });

describe('createSession', () => {
  it('describes its tensors and computes', async () => {
    const session = await open();
    expect(session.inputs).toEqual([{ name: 'x', type: 'float32', shape: ['N'] }]);
    expect(session.outputs).toEqual([{ name: 'y', type: 'float32', shape: ['N'] }]);
    const { y } = await session.run({ x: { data: Float32Array.of(1, 2.5, -3), shape: [3] } });
    expect(y!.shape).toEqual([3]);
    expect([...y!.data]).toEqual([2, 5, -6]);
    await session.release();
  });

  it('takes tensors over shared memory by a copy, which the runtime itself refuses', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([4, 5]);
    const raw = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
    await expect((async () => raw.run({ x: new Tensor('float32', shared, [2]) }))()).rejects.toThrow();
    const session = await open();
    const { y } = await session.run({ x: { data: shared, shape: [2] } });
    expect([...y!.data]).toEqual([8, 10]);
  });

  it('takes model bytes over shared memory', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const session = await createSession(shared, { label: 'add.onnx' });
    expect(session.inputs).toHaveLength(1);
  });

  it('gives results that later runs leave alone', async () => {
    const session = await open();
    const first = await session.run({ x: { data: Float32Array.of(1), shape: [1] } });
    await session.run({ x: { data: Float32Array.of(9), shape: [1] } });
    expect(first.y!.data[0]).toBe(2);
  });

  it('says that a file is no network', async () => {
    await expect(createSession(Uint8Array.of(1, 2, 3), { label: 'bad.onnx' })).rejects.toMatchObject({
      code: 'model/incompatible',
      message: expect.stringContaining('bad.onnx'),
    });
  });

  it('says that a run failed', async () => {
    const session = await open();
    await expect(session.run({ x: { data: Float32Array.of(1, 2), shape: [1, 2] } })).rejects.toMatchObject({
      code: 'model/run-failed',
    });
  });

  it('refuses a device that the runtime was not built for', async () => {
    expect(listSupportedDevices()).toContain('cpu');
    const missing = (['coreml', 'directml', 'cuda'] as const).find(
      (name) => !listSupportedDevices().includes(name),
    );
    await expect(createSession(bytes, { label: 'add.onnx', device: missing! })).rejects.toMatchObject({
      code: 'model/device-unavailable',
    });
  });
});

describe('requireTensors', () => {
  it('names the tensor that is missing', async () => {
    const session = await open();
    requireTensors(session, 'add.onnx', { inputs: ['x'], outputs: ['y'] });
    expect(() => requireTensors(session, 'add.onnx', { inputs: ['x'], outputs: ['z'] })).toThrow(
      /tensor z among the outputs of add.onnx, got y/,
    );
  });
});
