// The strokes of the synthesised kit, each made from scratch: a membrane as a falling sine with its second mode,
// wires and sticks as filtered noise, metal as a dense bank of inharmonic partials. A harder stroke is louder,
// brighter and longer; `variation` changes details as no two strokes are the same. Mono, peak near `strength`.
import { decayPerSample, Noise, StateVariableFilter } from './noise.js';

/** A stroke to synthesise. */
export interface StrokeSpec {
  /** 0 to 1. */
  readonly strength: number;
  /** Seed of the small differences between strokes. */
  readonly variation: number;
  readonly sampleRateHz: number;
}

export interface MembraneSpec {
  readonly pitchHz: number;
  /** How far above its pitch the stroke begins, and how fast it falls. */
  readonly sweepHz: number;
  readonly sweepMs: number;
  readonly decayMs: number;
  /** Level of the second mode, 0 to 1, and of the beater's noise. */
  readonly overtone: number;
  readonly click: number;
  readonly clickHz: number;
  /** Saturation, 0 to 1. */
  readonly drive: number;
}

export interface WireSpec {
  /** Level of the wires against the head, 0 to 1. */
  readonly level: number;
  readonly decayMs: number;
  readonly cutoffHz: number;
}

export interface MetalSpec {
  readonly lowestHz: number;
  readonly highestHz: number;
  readonly partialCount: number;
  readonly decayMs: number;
  /** Level of noise against the partials, 0 to 1. */
  readonly noise: number;
  /** Below this little is heard. */
  readonly highPassHz: number;
  readonly attackMs: number;
  /** Seed of the partials: two cymbals differ by it. */
  readonly body: number;
}

/** A kick or a tom. */
export function synthesiseMembrane(spec: MembraneSpec, stroke: StrokeSpec): Float32Array {
  const { sampleRateHz, strength } = stroke;
  const noise = new Noise(stroke.variation);
  const detune = 1 + 0.006 * noise.next();
  const decayMs = spec.decayMs * (0.75 + 0.35 * strength);
  const out = new Float32Array(Math.ceil((decayMs * 1.15 * sampleRateHz) / 1000));
  const fall = decayPerSample(decayMs, sampleRateHz);
  const overtoneFall = decayPerSample(decayMs * 0.35, sampleRateHz);
  const sweepFall = decayPerSample(spec.sweepMs * 3, sampleRateHz);
  const clickFall = decayPerSample(12, sampleRateHz);
  const filter = new StateVariableFilter(spec.clickHz * (0.5 + 0.7 * strength), 0.8, sampleRateHz);
  const drive = 1 + 3 * spec.drive * strength;
  let phase = 0;
  let overtonePhase = 0;
  let level = 1;
  let overtone = spec.overtone * (0.4 + 0.8 * strength);
  let sweep = spec.sweepHz * (0.5 + 0.6 * strength);
  let click = spec.click * (0.25 + 0.9 * strength ** 1.5);
  for (let i = 0; i < out.length; i++) {
    const hz = (spec.pitchHz + sweep) * detune;
    phase += hz / sampleRateHz;
    overtonePhase += (hz * 1.593) / sampleRateHz;
    filter.push(noise.next());
    const tone = level * Math.sin(2 * Math.PI * phase) + overtone * Math.sin(2 * Math.PI * overtonePhase);
    out[i] = Math.tanh(drive * tone) / Math.tanh(drive) + click * filter.band;
    level *= fall;
    overtone *= overtoneFall;
    sweep *= sweepFall;
    click *= clickFall;
  }
  return finish(out, stroke, 1.2, 8);
}

/** A snare: a head, its wires, and the stick. */
export function synthesiseSnare(head: MembraneSpec, wires: WireSpec, stroke: StrokeSpec): Float32Array {
  const { sampleRateHz, strength } = stroke;
  const noise = new Noise(stroke.variation + 17);
  const body = synthesiseMembrane(head, stroke);
  const decayMs = wires.decayMs * (0.5 + 0.7 * strength);
  const out = new Float32Array(Math.max(body.length, Math.ceil((decayMs * 1.2 * sampleRateHz) / 1000)));
  const high = new StateVariableFilter(wires.cutoffHz * (0.55 + 0.6 * strength), 0.6, sampleRateHz);
  const low = new StateVariableFilter(1100, 0.7, sampleRateHz);
  const fall = decayPerSample(decayMs, sampleRateHz);
  const attack = 1 - decayPerSample(3, sampleRateHz);
  let level = 1;
  let rise = 0;
  const headScale = 1 / peakOf(body);
  for (let i = 0; i < out.length; i++) {
    low.push(noise.next());
    high.push(low.high);
    rise += attack * (1 - rise);
    const wire = wires.level * level * rise * (0.7 * high.band + 0.5 * high.low);
    out[i] = (1 - 0.5 * wires.level) * (body[i] ?? 0) * headScale + wire;
    level *= fall;
  }
  return finish(out, stroke, 1.3, 6);
}

/** A hat, a crash or a ride. */
export function synthesiseMetal(spec: MetalSpec, stroke: StrokeSpec): Float32Array {
  const { sampleRateHz, strength } = stroke;
  const body = new Noise(spec.body);
  const noise = new Noise(stroke.variation + 31);
  const decayMs = spec.decayMs * (0.6 + 0.5 * strength);
  const out = new Float32Array(Math.ceil((decayMs * 1.1 * sampleRateHz) / 1000));
  const nyquist = sampleRateHz * 0.45;
  for (let p = 0; p < spec.partialCount; p++) {
    const place = (p + 0.5 + 0.45 * body.next()) / spec.partialCount;
    const hz = spec.lowestHz * (spec.highestHz / spec.lowestHz) ** place;
    const phase = Math.PI * noise.next();
    if (hz >= nyquist) continue;
    // A soft stroke excites fewer high partials; high partials die first.
    const level = (0.6 + 0.4 * body.next()) * 10 ** (-1.6 * place * (1 - strength));
    addPartial(out, hz, phase, level, decayMs * (1.15 - 0.55 * place), sampleRateHz);
  }
  const filter = new StateVariableFilter(spec.highPassHz, 0.7, sampleRateHz);
  const air = new StateVariableFilter(4000 + 7000 * strength, 0.6, sampleRateHz);
  const fall = decayPerSample(decayMs * 0.6, sampleRateHz);
  const attack = 1 - decayPerSample(Math.max(0.5, spec.attackMs * (1.3 - strength)), sampleRateHz);
  const scale = 1.6 / Math.sqrt(spec.partialCount);
  let level = spec.noise;
  let rise = 0;
  for (let i = 0; i < out.length; i++) {
    rise += attack * (1 - rise);
    air.push(noise.next());
    filter.push(rise * (scale * (1 - 0.6 * spec.noise) * out[i]! + level * (air.band + 0.4 * air.low)));
    out[i] = filter.high;
    level *= fall;
  }
  return finish(out, stroke, 1.25, 20);
}

/** A side stick, a clap, a block or a shell: bursts of filtered noise, with a ring where `ringHz` is not 0. */
export function synthesiseBurst(spec: BurstSpec, stroke: StrokeSpec): Float32Array {
  const { sampleRateHz, strength } = stroke;
  const noise = new Noise(stroke.variation + 53);
  const lengthMs = Math.max(spec.decayMs, spec.ringMs) * 1.2 + spec.gapMs * spec.burstCount;
  const out = new Float32Array(Math.ceil((lengthMs * sampleRateHz) / 1000));
  const filter = new StateVariableFilter(spec.noiseHz * (0.75 + 0.4 * strength), spec.q, sampleRateHz);
  const shortFall = decayPerSample(spec.gapMs > 0 ? spec.gapMs * 1.5 : spec.decayMs, sampleRateHz);
  const lastFall = decayPerSample(spec.decayMs * (0.7 + 0.4 * strength), sampleRateHz);
  const gap = Math.round((spec.gapMs * (1 + 0.1 * noise.next()) * sampleRateHz) / 1000);
  const attack = 1 - decayPerSample(Math.max(0.3, spec.attackMs), sampleRateHz);
  let level = 0;
  let rise = 0;
  for (let i = 0; i < out.length; i++) {
    const burst = gap === 0 ? 0 : Math.floor(i / gap);
    if (i === 0 || (gap > 0 && i % gap === 0 && burst < spec.burstCount)) level = 1;
    filter.push(noise.next());
    rise += attack * (1 - rise);
    out[i] = spec.noise * level * rise * filter.band;
    level *= burst >= spec.burstCount - 1 ? lastFall : shortFall;
  }
  if (spec.ringHz > 0) {
    for (const [ratio, part] of [
      [1, 1],
      [2.76, 0.35],
    ] as const) {
      const hz = spec.ringHz * ratio * (1 + 0.004 * noise.next());
      addPartial(out, hz, 0, (1 - 0.5 * spec.noise) * part, spec.ringMs / ratio, sampleRateHz);
    }
  }
  return finish(out, stroke, 1.2, 5);
}

export interface BurstSpec {
  readonly noise: number;
  readonly noiseHz: number;
  readonly q: number;
  readonly decayMs: number;
  readonly attackMs: number;
  readonly burstCount: number;
  readonly gapMs: number;
  readonly ringHz: number;
  readonly ringMs: number;
}

/** Adds a decaying sine by recursion. */
function addPartial(
  out: Float32Array,
  hz: number,
  phaseRad: number,
  level: number,
  decayMs: number,
  sampleRateHz: number,
): void {
  const radius = decayPerSample(decayMs, sampleRateHz);
  const angle = (2 * Math.PI * hz) / sampleRateHz;
  const first = 2 * radius * Math.cos(angle);
  const second = -radius * radius;
  let y1 = (level * Math.sin(phaseRad - angle)) / radius;
  let y2 = (level * Math.sin(phaseRad - 2 * angle)) / (radius * radius);
  for (let i = 0; i < out.length; i++) {
    const y = first * y1 + second * y2;
    out[i] = out[i]! + y;
    y2 = y1;
    y1 = y;
  }
}

/** Sets the peak by the strength (`curve` is the power law from velocity to amplitude) and fades the end out. */
function finish(out: Float32Array, stroke: StrokeSpec, curve: number, fadeMs: number): Float32Array {
  const gain = stroke.strength ** curve / peakOf(out);
  const fade = Math.min(out.length, Math.round((fadeMs * stroke.sampleRateHz) / 1000));
  for (let i = 0; i < out.length; i++) {
    const left = out.length - i;
    out[i] = out[i]! * gain * (left < fade ? left / fade : 1);
  }
  return out;
}

function peakOf(samples: Float32Array): number {
  let peak = 1e-9;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}
