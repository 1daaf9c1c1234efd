// The text of report.json: indented for people, but with every run of numbers on one line, so that the curves of a long
// recording do not make a hundred thousand lines. It is made in pieces, for the curves of hours are megabytes of text.

/** Numbers in one piece of text. */
const NUMBERS_PER_PIECE = 4096;

/** JSON of plain values, in pieces. */
export function* jsonPieces(value: unknown, indent = ''): Generator<string> {
  if (value === null || typeof value !== 'object') {
    yield JSON.stringify(value);
    return;
  }
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => item === null || typeof item === 'number')) yield* numberPieces(value);
    else {
      yield '[\n';
      for (const [index, item] of value.entries()) {
        yield index === 0 ? inner : `,\n${inner}`;
        yield* jsonPieces(item ?? null, inner);
      }
      yield `\n${indent}]`;
    }
    return;
  }
  let isEmpty = true;
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    yield `${isEmpty ? '{\n' : ',\n'}${inner}${JSON.stringify(key)}: `;
    yield* jsonPieces(item, inner);
    isEmpty = false;
  }
  yield isEmpty ? '{}' : `\n${indent}}`;
}

function* numberPieces(numbers: readonly (number | null)[]): Generator<string> {
  if (numbers.length <= NUMBERS_PER_PIECE) {
    yield JSON.stringify(numbers);
    return;
  }
  for (let at = 0; at < numbers.length; at += NUMBERS_PER_PIECE) {
    const text = JSON.stringify(numbers.slice(at, at + NUMBERS_PER_PIECE));
    yield (at === 0 ? '[' : ',') + text.slice(1, -1);
  }
  yield ']';
}
