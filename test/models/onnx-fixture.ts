// A network of one node, y = x + x over float32[N], written as protobuf by hand: no weights, no exporter.

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

/** Bytes of an ONNX model (opset 13) with the input `x` and the output `y` = 2x. */
export function encodeAddModel(): Uint8Array {
  const floatVector = message(1, [...int(1, 1), ...message(2, message(1, text(2, 'N')))]);
  const value = (name: string): number[] => [...text(1, name), ...message(2, floatVector)];
  const node = [...text(1, 'x'), ...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Add')];
  const graph = [
    ...message(1, node),
    ...text(2, 'double'),
    ...message(11, value('x')),
    ...message(12, value('y')),
  ];
  return Uint8Array.from([...int(1, 8), ...message(7, graph), ...message(8, int(2, 13))]);
}
