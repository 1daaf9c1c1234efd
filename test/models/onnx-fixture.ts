// Networks of a few nodes, written as protobuf by hand: no weights of others, no exporter.

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}
const int = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const message = (field: number, body: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(body.length),
  ...body,
];
const text = (field: number, value: string): number[] => message(field, [...Buffer.from(value)]);

/** ValueInfoProto of a tensor; a dimension is a size or a symbolic name. */
function value(name: string, dimensions: readonly (number | string)[]): number[] {
  const shape = dimensions.flatMap((size) =>
    message(1, typeof size === 'number' ? int(1, size) : text(2, size)),
  );
  return [...text(1, name), ...message(2, message(1, [...int(1, 1), ...message(2, shape)]))];
}

/** TensorProto with raw data: float32 unless `isInt64`. */
function tensor(
  name: string,
  shape: readonly number[],
  values: readonly number[],
  isInt64 = false,
): number[] {
  const data = isInt64 ? BigInt64Array.from(values.map(BigInt)) : Float32Array.from(values);
  const dims = shape.flatMap((size) => int(1, size));
  return [
    ...dims,
    ...int(2, isInt64 ? 7 : 1),
    ...text(8, name),
    ...message(9, [...new Uint8Array(data.buffer)]),
  ];
}

function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: number[] = [],
): number[] {
  const names = [...inputs.flatMap((name) => text(1, name)), ...outputs.flatMap((name) => text(2, name))];
  return [...names, ...text(4, opType), ...attributes];
}

/** AttributeProto of an integer (type 2) or of integers (type 7). */
function attribute(name: string, values: number | readonly number[]): number[] {
  if (typeof values === 'number') return message(5, [...text(1, name), ...int(3, values), ...int(20, 2)]);
  return message(5, [...text(1, name), ...values.flatMap((item) => int(8, item)), ...int(20, 7)]);
}

function model(graph: number[]): Uint8Array {
  return Uint8Array.from([...int(1, 8), ...message(7, graph), ...message(8, int(2, 13))]);
}

/** Bytes of an ONNX model (opset 13) with the input `x` and the output `y` = 2x, both float32[N]. */
export function encodeAddModel(): Uint8Array {
  return model([
    ...message(1, node('Add', ['x', 'x'], ['y'])),
    ...text(2, 'double'),
    ...message(11, value('x', ['N'])),
    ...message(12, value('y', ['N'])),
  ]);
}

/**
 * x [1, 1, S] → Pad of two zero frames in front → Conv of three taps → Transpose to [S, 1, 1] → GRU with two hidden
 * values and no first state → y [S, 1, 1, 2].
 */
export function encodeRecurrentModel(): Uint8Array {
  const weights = (count: number, step: number) =>
    Array.from({ length: count }, (_, n) => Math.sin(1 + n * step));
  return model([
    ...message(1, node('Pad', ['x', 'pads'], ['padded'])),
    ...message(1, node('Conv', ['padded', 'taps'], ['conv'], attribute('kernel_shape', [3]))),
    ...message(1, node('Transpose', ['conv'], ['frames'], attribute('perm', [2, 0, 1]))),
    ...message(1, node('GRU', ['frames', 'W', 'R'], ['y'], attribute('hidden_size', 2))),
    ...text(2, 'recurrent'),
    ...message(5, tensor('pads', [6], [0, 0, 2, 0, 0, 0], true)),
    ...message(5, tensor('taps', [1, 1, 3], [0.5, -0.25, 0.75])),
    ...message(5, tensor('W', [1, 6, 1], weights(6, 0.7))),
    ...message(5, tensor('R', [1, 6, 2], weights(12, 0.4))),
    ...message(11, value('x', [1, 1, 'S'])),
    ...message(12, value('y', ['S', 1, 1, 2])),
  ]);
}
