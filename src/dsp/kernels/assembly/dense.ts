// A dense layer of a small network over many cells at once, in float32: cells run along the vectors.

/**
 * outputs[j][cell] = bases[j][cell] + Σ_k weights[j][k] · inputs[k][cell], negative values as 0 where `isRectified`.
 * Rows of cells lie `strideBytes` apart; `cellCount` is a multiple of 16. `baseStep` is the bytes from one cell's base
 * to the next: 4, or 0 where `bases` holds one value (4 bytes) for each output.
 */
export function denseLayer(
  inputs: usize,
  inputCount: i32,
  bases: usize,
  baseStep: i32,
  weights: usize,
  outputs: usize,
  outputCount: i32,
  cellCount: i32,
  strideBytes: usize,
  isRectified: i32,
): void {
  const zero = f32x4.splat(0);
  const baseRow: usize = baseStep == 0 ? 4 : strideBytes;
  const rowBytes = <usize>inputCount << 2;
  const end = <usize>cellCount << 2;
  for (let at: usize = 0; at < end; at += 64) {
    let base = bases + (baseStep == 0 ? 0 : at);
    let weight = weights;
    let output = outputs + at;
    for (let j = 0; j < outputCount; j++) {
      let s0: v128, s1: v128, s2: v128, s3: v128;
      if (baseStep == 0) {
        s0 = v128.load32_splat(base);
        s1 = s0;
        s2 = s0;
        s3 = s0;
      } else {
        s0 = v128.load(base);
        s1 = v128.load(base, 16);
        s2 = v128.load(base, 32);
        s3 = v128.load(base, 48);
      }
      let input = inputs + at;
      const last = weight + rowBytes;
      for (; weight < last; weight += 4, input += strideBytes) {
        const w = v128.load32_splat(weight);
        s0 = f32x4.add(s0, f32x4.mul(w, v128.load(input)));
        s1 = f32x4.add(s1, f32x4.mul(w, v128.load(input, 16)));
        s2 = f32x4.add(s2, f32x4.mul(w, v128.load(input, 32)));
        s3 = f32x4.add(s3, f32x4.mul(w, v128.load(input, 48)));
      }
      if (isRectified) {
        s0 = f32x4.max(s0, zero);
        s1 = f32x4.max(s1, zero);
        s2 = f32x4.max(s2, zero);
        s3 = f32x4.max(s3, zero);
      }
      v128.store(output, s0);
      v128.store(output, s1, 16);
      v128.store(output, s2, 32);
      v128.store(output, s3, 48);
      base += baseRow;
      output += strideBytes;
    }
  }
}
