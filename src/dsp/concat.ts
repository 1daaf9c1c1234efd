// Puts typed arrays behind each other.

/** All elements of `parts` in order, in a new array of the given type; no parts give none. */
export function concat<Values extends Uint8Array | Int8Array | Float32Array | Float64Array>(
  Type: new (length: number) => Values,
  parts: readonly Values[],
): Values {
  const joined = new Type(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
