// Edits the graph of an ONNX file in memory, so that an exported network takes and gives its recurrent state.
// Protobuf is read as a list of raw fields and only the messages on the way are decoded; everything else is copied
// byte for byte. Field numbers are those of onnx.proto. No validation: the runtime does that when it loads the result.

/** A protobuf field: a number (varint), or bytes (strings, messages, fixed-width values). */
interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly value: bigint | Uint8Array;
}

const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const GRAPH_INPUT = 11;
const GRAPH_OUTPUT = 12;
const GRAPH_VALUE_INFO = 13;
const NODE_INPUT = 1;
const NODE_OUTPUT = 2;
const NODE_OP_TYPE = 4;
const VALUE_NAME = 1;

const FLOAT32 = 1;
const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;
const GRU_INITIAL_STATE = 5;
const GRU_LAST_STATE = 1;

interface Node {
  inputs: string[];
  outputs: string[];
  readonly opType: string;
  readonly rest: readonly Field[];
}

/** An edited network and what its recurrent layers are called now. */
export interface StatefulGraph {
  readonly bytes: Uint8Array;
  /** Inputs `h0`, `h1`, …; the output of each is its name + `_out`. */
  readonly stateNames: readonly string[];
}

/**
 * The same network with every GRU's first state as an input and its last state as an output, and without the zero
 * padding in front of time convolutions: the caller gives the frames before instead.
 * @param bytes an ONNX file
 * @param hiddenSize values of a state, whose shape becomes [1, 1, hiddenSize]
 * @param longerInputs inputs with more time frames than the others: their symbolic dimensions get a name of their own
 */
export function exposeRecurrentState(
  bytes: Uint8Array,
  hiddenSize: number,
  longerInputs: readonly string[] = [],
): StatefulGraph {
  const stateNames: string[] = [];
  const model = decodeFields(bytes).map((field) =>
    field.number === MODEL_GRAPH
      ? message(
          MODEL_GRAPH,
          editGraph(decodeFields(field.value as Uint8Array), hiddenSize, longerInputs, stateNames),
        )
      : field,
  );
  return { bytes: encodeFields(model), stateNames };
}

function editGraph(
  graph: readonly Field[],
  hiddenSize: number,
  longerInputs: readonly string[],
  stateNames: string[],
): Field[] {
  const nodes = graph.filter((field) => field.number === GRAPH_NODE).map(decodeNode);
  const renamed = new Map<string, string>();
  for (const node of nodes) {
    if (node.opType === 'Pad') renamed.set(node.outputs[0]!, node.inputs[0]!);
    if (node.opType !== 'GRU') continue;
    const name = `h${stateNames.length}`;
    const lastState = node.outputs[GRU_LAST_STATE];
    if (lastState) renamed.set(lastState, `${name}_out`);
    node.inputs = atIndex(node.inputs, GRU_INITIAL_STATE, name);
    node.outputs = atIndex(node.outputs, GRU_LAST_STATE, `${name}_out`);
    stateNames.push(name);
  }
  const kept = nodes.filter((node) => node.opType !== 'Pad');
  for (const node of kept) node.inputs = node.inputs.map((name) => resolveName(name, renamed));
  const stateShape = [1, 1, hiddenSize];
  return [
    ...kept.map(encodeNode),
    ...graph
      .filter((field) => field.number !== GRAPH_NODE && field.number !== GRAPH_VALUE_INFO)
      .map((field) => (field.number === GRAPH_INPUT ? freeDimensions(field, longerInputs) : field)),
    ...stateNames.map((name) => message(GRAPH_INPUT, tensorInfo(name, stateShape))),
    ...stateNames.map((name) => message(GRAPH_OUTPUT, tensorInfo(`${name}_out`, stateShape))),
  ];
}

/** Follows chains: a Pad that reads another Pad. */
function resolveName(name: string, renamed: ReadonlyMap<string, string>): string {
  let current = name;
  for (let next = renamed.get(current); next !== undefined; next = renamed.get(current)) current = next;
  return current;
}

function atIndex(names: readonly string[], index: number, name: string): string[] {
  const longer = [...names];
  while (longer.length <= index) longer.push('');
  longer[index] = name;
  return longer;
}

function decodeNode(field: Field): Node {
  const fields = decodeFields(field.value as Uint8Array);
  const strings = (number: number) => fields.filter((inner) => inner.number === number).map(textOf);
  return {
    inputs: strings(NODE_INPUT),
    outputs: strings(NODE_OUTPUT),
    opType: strings(NODE_OP_TYPE)[0] ?? '',
    rest: fields.filter((inner) => inner.number !== NODE_INPUT && inner.number !== NODE_OUTPUT),
  };
}

function encodeNode(node: Node): Field {
  return message(GRAPH_NODE, [
    ...node.inputs.map((name) => text(NODE_INPUT, name)),
    ...node.outputs.map((name) => text(NODE_OUTPUT, name)),
    ...node.rest,
  ]);
}

/** ValueInfoProto of a float32 tensor: type.tensor_type {elem_type, shape {dim {dim_value}}}. */
function tensorInfo(name: string, shape: readonly number[]): Field[] {
  const dimensions = shape.map((size) => message(1, [integer(1, size)]));
  const tensorType = [integer(1, FLOAT32), message(2, dimensions)];
  return [text(VALUE_NAME, name), message(2, [message(1, tensorType)])];
}

/** Gives the symbolic dimensions of an input names of its own (type.tensor_type.shape.dim.dim_param). */
function freeDimensions(field: Field, longerInputs: readonly string[]): Field {
  const info = decodeFields(field.value as Uint8Array);
  const name = textOf(info.find((inner) => inner.number === VALUE_NAME)!);
  if (!longerInputs.includes(name)) return field;
  const rename = (inner: Field, path: readonly number[]): Field => {
    if (path.length === 0) return text(inner.number, `${name}_${textOf(inner)}`);
    const [next, ...rest] = path;
    const fields = decodeFields(inner.value as Uint8Array);
    return message(
      inner.number,
      fields.map((child) => (child.number === next ? rename(child, rest) : child)),
    );
  };
  return rename(field, [2, 1, 2, 1, 2]);
}

function decodeFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('the file ends inside of a number');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(readVarint());
    const wireType = tag & 7;
    if (wireType === WIRE_VARINT) {
      fields.push({ number: tag >> 3, wireType, value: readVarint() });
      continue;
    }
    const length =
      wireType === WIRE_BYTES ? Number(readVarint()) : { [WIRE_FIXED64]: 8, [WIRE_FIXED32]: 4 }[wireType];
    if (length === undefined || at + length > bytes.length) throw new RangeError('not a protobuf message');
    fields.push({ number: tag >> 3, wireType, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

function encodeFields(fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { number, wireType, value } of fields) {
    parts.push(encodeVarint(BigInt(number * 8 + wireType)));
    if (typeof value === 'bigint') parts.push(encodeVarint(value));
    else {
      if (wireType === WIRE_BYTES) parts.push(encodeVarint(BigInt(value.length)));
      parts.push(value);
    }
  }
  return Buffer.concat(parts);
}

function encodeVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function message(number: number, fields: readonly Field[]): Field {
  return { number, wireType: WIRE_BYTES, value: encodeFields(fields) };
}

function integer(number: number, value: number): Field {
  return { number, wireType: WIRE_VARINT, value: BigInt(value) };
}

function text(number: number, value: string): Field {
  return { number, wireType: WIRE_BYTES, value: new TextEncoder().encode(value) };
}

function textOf(field: Field): string {
  return new TextDecoder().decode(field.value as Uint8Array);
}
