// An instance of the WebAssembly kernels with memory of its own. Arrays are handed out once, in order, and never
// freed: a kernel's pointer to one is its byteOffset. The kernels themselves are pure functions over pointers;
// assembly/<family>.ts says what each does.
import { KERNELS_WASM } from './generated/kernels.js';

/** What the kernels export. Pointers are byte offsets; see assembly/*.ts for shapes. */
export interface KernelFunctions {
  decode16(source: number, target: number, strideBytes: number, frames: number, channels: number): void;
  decode24(source: number, target: number, strideBytes: number, frames: number, channels: number): void;
  decodeFloat(source: number, target: number, strideBytes: number, frames: number, channels: number): number;
  quantise(
    samples: number,
    frames: number,
    fullScale: number,
    isDithered: number,
    key: number,
    startFrame: number,
    target: number,
  ): number;
  packWords(values: number, frames: number, bytes: number, target: number, strideBytes: number): void;
  checkFinite(samples: number, frames: number): number;
  kWeightPair(
    left: number,
    right: number,
    frames: number,
    coefficients: number,
    state: number,
    energies: number,
  ): void;
  kWeightTicks(
    left: number,
    right: number,
    frames: number,
    position: number,
    tick: number,
    sampleRateHz: number,
    coefficients: number,
    state: number,
    leftWeight: number,
    rightWeight: number,
    ticks: number,
  ): void;
  truePeak4(samples: number, frames: number, taps: number, limit: number, floor: number): number;
  truePeak2(samples: number, frames: number, taps: number, limit: number, floor: number): number;
  samplePeak(samples: number, frames: number): number;
  peakNearTop(samples: number, frames: number, taps: number, isFourfold: number): number;
  resampleFrames(
    input: number,
    remainder: number,
    numerator: number,
    denominator: number,
    coefficients: number,
    tapCount: number,
    phaseCount: number,
    output: number,
    count: number,
  ): void;
  sumPair(left: number, right: number, frames: number, sums: number): void;
  fftForward(re: number, im: number, workRe: number, workIm: number, size: number, twiddles: number): void;
  extendColumn(samples: number, frames: number, column: number): void;
  takeBand(
    re: number,
    im: number,
    size: number,
    weights: number,
    mirrored: number,
    first: number,
    count: number,
    outRe: number,
    outIm: number,
    points: number,
  ): void;
  overlapPeak(mid: number, side: number, midTail: number, sideTail: number, frames: number): number;
  crossPower(re: number, im: number, size: number, from: number, to: number): number;
  multiply(source: number, factor: number, target: number, count: number): void;
  windowMidSide(left: number, right: number, window: number, re: number, im: number, count: number): void;
  addPowers(re: number, im: number, size: number, powerA: number, powerB: number): void;
  peakEnvelope(
    samples: number,
    frames: number,
    taps: number,
    halfFrames: number,
    limit: number,
    threshold: number,
    out: number,
  ): number;
  sampleEnvelope(samples: number, frames: number, out: number): number;
  limiterNodes(
    peaks: number,
    nodes: number,
    steps: number,
    config: number,
    state: number,
    queue: number,
    rings: number,
    reach: number,
  ): number;
  applyNodes(source: number, nodes: number, scale: number, target: number, steps: number): void;
  joinPair(left: number, right: number, target: number, frames: number): void;
  splitPair(source: number, left: number, right: number, frames: number): void;
  encodeMidSide(pairs: number, frames: number): void;
  decodeMidSide(pairs: number, frames: number): void;
  filterSeries(pairs: number, frames: number, coefficients: number, state: number): void;
  splitTwo(source: number, low: number, high: number, frames: number, corner: number, state: number): void;
  splitFour(
    source: number,
    band0: number,
    band1: number,
    band2: number,
    band3: number,
    frames: number,
    coefficients: number,
    state: number,
  ): void;
  hopPowers(pairs: number, hops: number, hopFrames: number, powers: number): void;
  hopPairPowers(pairs: number, hops: number, hopFrames: number, powers: number): void;
  addRamped(source: number, gains: number, hops: number, hopFrames: number, target: number): void;
  sumRamped(
    band0: number,
    band1: number,
    band2: number,
    band3: number,
    gains: number,
    hops: number,
    hopFrames: number,
    target: number,
  ): void;
  doubleRate(source: number, target: number, frames: number, taps: number, pairs: number): void;
  addedAtDoubleRate(
    source: number,
    even: number,
    odd: number,
    frames: number,
    taps: number,
    pairs: number,
    drive: number,
    bias: number,
    offset: number,
    scale: number,
  ): void;
  halveApart(
    even: number,
    odd: number,
    targetEven: number,
    targetOdd: number,
    frames: number,
    taps: number,
    pairs: number,
    late: number,
  ): void;
  halveSteeply(
    even: number,
    odd: number,
    target: number,
    frames: number,
    centre: number,
    evenTaps: number,
    oddTaps: number,
    pairs: number,
    late: number,
  ): void;
  bandGains(powers: number, hops: number, config: number, state: number, gains: number): void;
  countLevels(powers: number, count: number, lowest: number, bins: number, binCount: number): void;
  blendAdded(
    dry: number,
    added: number,
    target: number,
    frames: number,
    mix: number,
    follow: number,
    state: number,
  ): void;
  denseLayer(
    inputs: number,
    inputCount: number,
    bases: number,
    baseStep: number,
    weights: number,
    outputs: number,
    outputCount: number,
    cellCount: number,
    strideBytes: number,
    isRectified: number,
  ): void;
  addMidSide(re: number, im: number, window: number, left: number, right: number, count: number): void;
  addWeighted(source: number, window: number, target: number, count: number): void;
  lowerBy(source: number, taken: number, gains: number, target: number, count: number): void;
  windowPair(
    left: number,
    right: number,
    window: number,
    isMidSide: number,
    re: number,
    im: number,
    count: number,
  ): void;
  bandPowers(re: number, im: number, size: number, from: number, to: number, powers: number): void;
  twinStep4(
    ar: number,
    ai: number,
    br: number,
    bi: number,
    count: number,
    stride: number,
    twiddles: number,
  ): void;
  twinStep2(
    ar: number,
    ai: number,
    br: number,
    bi: number,
    count: number,
    stride: number,
    twiddles: number,
  ): void;
  twinStep3(
    ar: number,
    ai: number,
    br: number,
    bi: number,
    count: number,
    stride: number,
    twiddles: number,
    sin60: number,
  ): void;
  twinStep5(
    ar: number,
    ai: number,
    br: number,
    bi: number,
    count: number,
    stride: number,
    twiddles: number,
    cos72: number,
    cos144: number,
    sin72: number,
    sin144: number,
  ): void;
  twinSplit(zr: number, zi: number, re: number, im: number, half: number, cosine: number, sine: number): void;
  twinJoinReal(re: number, zr: number, zi: number, half: number, cosine: number, sine: number): void;
  twinJoin(re: number, im: number, zr: number, zi: number, half: number, cosine: number, sine: number): void;
  pairFrame(a: number, b: number, window: number, zr: number, zi: number, count: number): void;
  pairDivide(source: number, target: number, divisor: number, count: number): void;
  pairTakeFrom(source: number, target: number, count: number): void;
  pairDeepFilter(
    re: number,
    im: number,
    frameBytes: number,
    firstTap: number,
    frame: number,
    coefficients: number,
    taps: number,
    filterBins: number,
    gains: number,
    bandOfBin: number,
    bins: number,
    outRe: number,
    outIm: number,
  ): void;
  pairOverlap(
    zr: number,
    zi: number,
    scale: number,
    gain: number,
    window: number,
    overlap: number,
    left: number,
    right: number,
    half: number,
  ): void;
  twinWindow(a: number, b: number, window: number, zr: number, zi: number, count: number): void;
  twinPowers(re: number, im: number, powers: number, bins: number): void;
  multiplyComplex(re: number, im: number, hRe: number, hIm: number, count: number): void;
  mixPair(left: number, right: number, target: number, frames: number): void;
  pairPowers(re: number, im: number, size: number, powerA: number, powerB: number): void;
  squareRoots(values: number, count: number): void;
  sumRows(values: number, rows: number, rowCount: number, weights: number, sums: number): void;
  trackBeatColumns(
    on: number,
    off: number,
    count: number,
    shortest: number,
    intervals: number,
    stride: number,
    tempoNats: number,
    nats: number,
    changeNats: number,
    hopelessNats: number,
    lead: number,
    beatFrames: number,
    due: number,
    ended: number,
    arrived: number,
    sources: number,
    from: number,
    firstColumn: number,
    endColumn: number,
    result: number,
  ): void;
  dotRows(rows: number, rowCount: number, length: number, values: number, out: number): void;
  solveNonNegative(gram: number, target: number, x: number, count: number, sweeps: number): void;
  sumRanges(a: number, b: number, ranges: number, count: number, sums: number): void;
}

// The types of Node do not declare WebAssembly; this is what is used of it here.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface Kernels {
  readonly functions: KernelFunctions;
  /** Zeroed arrays in kernel memory, 16-aligned; loads of up to 64 bytes beyond their end are allowed. */
  f32(length: number): Float32Array;
  f64(length: number): Float64Array;
  i32(length: number): Int32Array;
  u8(length: number): Uint8Array;
}

const PAGE_BYTES = 65536;
/** Kernels keep no static data; the first kilobyte stays free all the same. */
const ARENA_START = 1024;

let compiled: object | undefined;

/** A fresh instance whose arrays take `arenaBytes` at most. The module is compiled once per thread. */
export function createKernels(arenaBytes: number): Kernels {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM, 'base64'));
  const { exports } = new WebAssembly.Instance(compiled);
  const memory = exports.memory as WasmMemory;
  const pages = Math.ceil((ARENA_START + arenaBytes) / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES;
  if (pages > 0) memory.grow(pages);
  const { buffer } = memory;
  let end = ARENA_START;
  function take(byteCount: number): number {
    const pointer = end;
    end += Math.ceil((byteCount + 64) / 16) * 16;
    if (end > buffer.byteLength)
      throw new RangeError(`expected at most ${arenaBytes} bytes of kernel memory`);
    return pointer;
  }
  return {
    functions: exports as unknown as KernelFunctions,
    f32: (length) => new Float32Array(buffer, take(length * 4), length),
    f64: (length) => new Float64Array(buffer, take(length * 8), length),
    i32: (length) => new Int32Array(buffer, take(length * 4), length),
    u8: (length) => new Uint8Array(buffer, take(length), length),
  };
}
