// Runs ONNX networks: the only file that imports onnxruntime-node.
// A session lives as long as its worker (creating and releasing sessions again and again leaks), has its thread
// counts set, and takes tensors as plain typed arrays. A device that the runtime lacks is an error, never a silent
// change to the CPU; single operators that a device lacks run on the CPU inside of the runtime.
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type * as Runtime from 'onnxruntime-node';
import { ForgeError } from '../errors.js';

let library: typeof Runtime | undefined;

/** The runtime, loaded for the first network: a thread that runs none does without its shared library. */
function runtime(): typeof Runtime {
  library ??= createRequire(import.meta.url)('onnxruntime-node') as typeof Runtime;
  return library;
}

/** Where a network runs. */
export type Device = 'cpu' | 'cuda' | 'coreml' | 'directml' | 'webgpu';

/** Values of a tensor with its shape; row-major. */
export interface TensorValue {
  readonly data: Float32Array | Int32Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** A tensor that a network declares; a free dimension is its symbolic name. */
export interface TensorInfo {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

export interface ModelSession {
  readonly device: Device;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /**
   * Runs the network; `fetch` names the outputs to compute (all unless given), or gives the arrays that take them.
   * The results are the caller's own. Tensors over shared memory are copied (the runtime refuses them). Blocks the thread
   * while it computes.
   * @throws ForgeError model/run-failed
   */
  run(
    feeds: Readonly<Record<string, TensorValue>>,
    fetch?: readonly string[] | Readonly<Record<string, TensorValue>>,
  ): Promise<Record<string, TensorValue>>;
  /** Frees the runtime's memory; the session is of no use afterwards. */
  release(): Promise<void>;
}

export interface SessionOptions {
  /** What error messages call the network, such as `deepfilternet3/enc.onnx`. */
  readonly label: string;
  /** Threads inside of an operator; 1 unless given. */
  readonly threads?: number;
  /** `cpu` unless given. */
  readonly device?: Device;
  /** Keep freed memory for the next call: faster for many small calls, up to twice the peak for large networks. */
  readonly useMemoryArena?: boolean;
}

const RUNTIME_NAMES: Readonly<Record<Device, string>> = {
  cpu: 'cpu',
  cuda: 'cuda',
  coreml: 'coreml',
  directml: 'dml',
  webgpu: 'webgpu',
};

/** The devices that the installed runtime was built for, whether or not the machine has the hardware and its driver. */
export function listSupportedDevices(): Device[] {
  const offered = new Set(
    runtime()
      .listSupportedBackends()
      .map((backend) => backend.name),
  );
  return (Object.keys(RUNTIME_NAMES) as Device[]).filter((device) => offered.has(RUNTIME_NAMES[device]));
}

/**
 * Opens a network from a path, or from bytes that were prepared in memory.
 * @throws ForgeError model/device-unavailable where the device cannot be used, model/incompatible where the runtime
 *   cannot load the network
 */
export async function createSession(
  model: string | Uint8Array,
  options: SessionOptions,
): Promise<ModelSession> {
  const device = options.device ?? 'cpu';
  if (!listSupportedDevices().includes(device))
    throw deviceUnavailable(device, 'the runtime is not built for it');
  const settings: Runtime.InferenceSession.SessionOptions = {
    executionProviders: [RUNTIME_NAMES[device]],
    intraOpNumThreads: Math.max(1, Math.min(options.threads ?? 1, availableParallelism())),
    interOpNumThreads: 1,
    enableCpuMemArena: options.useMemoryArena ?? true,
    logSeverityLevel: 3,
  };
  const { InferenceSession } = runtime();
  let session: Runtime.InferenceSession;
  try {
    session =
      typeof model === 'string'
        ? await InferenceSession.create(model, settings)
        : await InferenceSession.create(unshare(model), settings);
  } catch (cause) {
    const reason = firstLine(cause);
    if (device !== 'cpu') throw deviceUnavailable(device, reason, cause);
    throw new ForgeError(
      'model/incompatible',
      `expected a network that the runtime loads for ${options.label}: ${reason}`,
      {
        hint: 'Check the file with `forge models verify`.',
        cause,
      },
    );
  }
  return {
    device,
    inputs: session.inputMetadata.map(describeTensor),
    outputs: session.outputMetadata.map(describeTensor),
    async run(feeds, fetch) {
      const wanted = fetch ?? session.outputNames;
      try {
        const results = await session.run(toTensors(feeds), isNames(wanted) ? wanted : toTensors(wanted));
        return Object.fromEntries(
          Object.entries(results).map(([name, tensor]) => [
            name,
            { data: tensor.data as TensorValue['data'], shape: tensor.dims },
          ]),
        );
      } catch (cause) {
        throw new ForgeError(
          'model/run-failed',
          `${options.label} failed on ${device}: ${firstLine(cause)}`,
          { cause },
        );
      }
    },
    release: () => session.release(),
  };
}

/**
 * Makes sure that a network has tensors of these names.
 * @throws ForgeError model/incompatible, naming the first that is missing
 */
export function requireTensors(
  session: ModelSession,
  label: string,
  names: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): void {
  for (const kind of ['inputs', 'outputs'] as const) {
    const present = session[kind].map((tensor) => tensor.name);
    for (const name of names[kind]) {
      if (present.includes(name)) continue;
      throw new ForgeError(
        'model/incompatible',
        `expected a tensor ${name} among the ${kind} of ${label}, got ${present.join(', ')}`,
        { hint: 'The file does not follow the contract on its card.' },
      );
    }
  }
}

function isNames(wanted: object): wanted is readonly string[] {
  return Array.isArray(wanted);
}

function toTensors(values: Readonly<Record<string, TensorValue>>): Record<string, Runtime.Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));
}

function toTensor({ data, shape }: TensorValue): Runtime.Tensor {
  const { Tensor } = runtime();
  const dims = [...shape];
  if (data instanceof Float32Array) return new Tensor('float32', unshare(data), dims);
  if (data instanceof Int32Array) return new Tensor('int32', unshare(data), dims);
  return new Tensor('int64', unshare(data), dims);
}

/** The array itself, or a copy where it lies in shared memory. */
function unshare<T extends Float32Array | Int32Array | BigInt64Array | Uint8Array>(data: T): T {
  return data.buffer instanceof SharedArrayBuffer ? (data.slice() as T) : data;
}

function describeTensor(info: Runtime.InferenceSession.ValueMetadata): TensorInfo {
  return info.isTensor
    ? { name: info.name, type: info.type, shape: info.shape }
    : { name: info.name, type: 'not a tensor', shape: [] };
}

function deviceUnavailable(device: Device, reason: string, cause?: unknown): ForgeError {
  return new ForgeError(
    'model/device-unavailable',
    `expected one of ${listSupportedDevices().join(', ')} with its hardware for the device, got ${device}: ${reason}`,
    { hint: 'Use the device cpu, or install what the device needs.', cause },
  );
}

function firstLine(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.split('\n', 1)[0]!.slice(0, 300);
}
