// The kits: what each sound is made of, where it stands and how loud it is. Figures are chosen from the
// physics of each sound (modes of membranes and plates, decay by size); nothing is sampled or fitted to recordings.
import {
  type BurstSpec,
  type MembraneSpec,
  type MetalSpec,
  type StrokeSpec,
  synthesiseBurst,
  synthesiseMembrane,
  synthesiseMetal,
  synthesiseSnare,
  type WireSpec,
} from './voices.js';

/** Kits by name. */
export const KIT_NAMES = [
  'rock',
  'heavy',
  'vintage',
  'jazz',
  'brushes',
  'studio',
  'latin',
  'analog',
  'electro',
] as const;

export type KitName = (typeof KIT_NAMES)[number];

/** Size and colour of a kit, from which its sounds are made. */
interface KitShape {
  readonly kick: MembraneSpec;
  readonly snare: MembraneSpec;
  readonly wires: WireSpec;
  readonly tomHz: readonly [number, number, number];
  readonly tomDecayMs: number;
  readonly hat: MetalSpec;
  readonly openHatMs: number;
  readonly crashMs: number;
  readonly rideMs: number;
  readonly roomMs: number;
  readonly roomDb: number;
}

const rockHat: MetalSpec = {
  lowestHz: 3200,
  highestHz: 15500,
  partialCount: 28,
  decayMs: 75,
  noise: 0.55,
  highPassHz: 4500,
  attackMs: 1,
  body: 3,
};

const rock: KitShape = {
  kick: {
    pitchHz: 54,
    sweepHz: 130,
    sweepMs: 22,
    decayMs: 330,
    overtone: 0.25,
    click: 0.9,
    clickHz: 3800,
    drive: 0.4,
  },
  snare: {
    pitchHz: 188,
    sweepHz: 50,
    sweepMs: 10,
    decayMs: 190,
    overtone: 0.55,
    click: 0.5,
    clickHz: 4200,
    drive: 0.2,
  },
  wires: { level: 0.75, decayMs: 260, cutoffHz: 5200 },
  tomHz: [172, 128, 88],
  tomDecayMs: 520,
  hat: rockHat,
  openHatMs: 800,
  crashMs: 2300,
  rideMs: 1700,
  roomMs: 420,
  roomDb: -17,
};

const SHAPES: Readonly<Record<KitName, KitShape>> = {
  rock,
  heavy: {
    ...rock,
    kick: { ...rock.kick, pitchHz: 50, click: 1.7, clickHz: 4800, decayMs: 280, drive: 0.7 },
    snare: { ...rock.snare, pitchHz: 205, drive: 0.6 },
    wires: { level: 0.8, decayMs: 240, cutoffHz: 6200 },
    tomHz: [160, 115, 76],
    roomMs: 520,
    roomDb: -15,
  },
  vintage: {
    ...rock,
    kick: { ...rock.kick, pitchHz: 62, click: 0.45, clickHz: 2400, decayMs: 260 },
    snare: { ...rock.snare, pitchHz: 176, decayMs: 150 },
    wires: { level: 0.65, decayMs: 190, cutoffHz: 4000 },
    tomDecayMs: 360,
    hat: { ...rockHat, lowestHz: 2600, highestHz: 12500, highPassHz: 3600, body: 5 },
    roomMs: 300,
    roomDb: -19,
  },
  jazz: {
    ...rock,
    kick: { ...rock.kick, pitchHz: 72, sweepHz: 60, click: 0.35, clickHz: 2000, decayMs: 420, drive: 0.1 },
    snare: { ...rock.snare, pitchHz: 214 },
    wires: { level: 0.6, decayMs: 240, cutoffHz: 5600 },
    tomHz: [214, 160, 112],
    tomDecayMs: 650,
    hat: { ...rockHat, lowestHz: 2800, body: 11 },
    rideMs: 2600,
    roomMs: 520,
    roomDb: -16,
  },
  brushes: {
    ...rock,
    kick: { ...rock.kick, pitchHz: 70, sweepHz: 50, click: 0.15, clickHz: 1500, decayMs: 400, drive: 0 },
    snare: { ...rock.snare, pitchHz: 200, click: 0.15, overtone: 0.3 },
    wires: { level: 0.9, decayMs: 210, cutoffHz: 4600 },
    tomHz: [204, 152, 108],
    tomDecayMs: 600,
    hat: { ...rockHat, lowestHz: 2800, body: 11 },
    rideMs: 2400,
    roomMs: 560,
    roomDb: -16,
  },
  studio: {
    ...rock,
    kick: { ...rock.kick, decayMs: 230, click: 0.8 },
    tomDecayMs: 420,
    roomMs: 220,
    roomDb: -24,
  },
  latin: {
    ...rock,
    kick: { ...rock.kick, pitchHz: 66, decayMs: 240, click: 0.5 },
    snare: { ...rock.snare, pitchHz: 230 },
    tomHz: [220, 170, 120],
    roomMs: 360,
    roomDb: -19,
  },
  analog: {
    ...rock,
    kick: {
      pitchHz: 47,
      sweepHz: 90,
      sweepMs: 30,
      decayMs: 900,
      overtone: 0,
      click: 0.25,
      clickHz: 2500,
      drive: 0.3,
    },
    snare: {
      pitchHz: 182,
      sweepHz: 20,
      sweepMs: 8,
      decayMs: 130,
      overtone: 0.5,
      click: 0.1,
      clickHz: 5000,
      drive: 0,
    },
    wires: { level: 0.7, decayMs: 170, cutoffHz: 6500 },
    tomHz: [165, 120, 82],
    tomDecayMs: 420,
    hat: { ...rockHat, lowestHz: 5200, highestHz: 14000, partialCount: 6, decayMs: 55, noise: 0.35, body: 8 },
    openHatMs: 420,
    roomMs: 150,
    roomDb: -34,
  },
  electro: {
    ...rock,
    kick: {
      pitchHz: 51,
      sweepHz: 260,
      sweepMs: 26,
      decayMs: 380,
      overtone: 0,
      click: 1,
      clickHz: 5200,
      drive: 0.8,
    },
    snare: {
      pitchHz: 196,
      sweepHz: 70,
      sweepMs: 12,
      decayMs: 150,
      overtone: 0.5,
      click: 0.4,
      clickHz: 6000,
      drive: 0.5,
    },
    wires: { level: 0.85, decayMs: 230, cutoffHz: 7200 },
    tomHz: [170, 125, 84],
    tomDecayMs: 320,
    hat: { ...rockHat, lowestHz: 5600, highestHz: 15000, partialCount: 8, decayMs: 50, noise: 0.5, body: 9 },
    openHatMs: 320,
    roomMs: 180,
    roomDb: -30,
  },
};

const burst: BurstSpec = {
  noise: 1,
  noiseHz: 2000,
  q: 1,
  decayMs: 60,
  attackMs: 0.3,
  burstCount: 1,
  gapMs: 0,
  ringHz: 0,
  ringMs: 0,
};

/** Sounds that are the same in every kit. */
const BURSTS: Readonly<Record<string, BurstSpec>> = {
  sideStick: { ...burst, noise: 0.7, noiseHz: 2600, q: 2, decayMs: 30, ringHz: 820, ringMs: 60 },
  clap: { ...burst, noiseHz: 1500, q: 1.4, decayMs: 180, burstCount: 4, gapMs: 9 },
  tambourine: { ...burst, noiseHz: 8500, q: 1.6, decayMs: 170, burstCount: 2, gapMs: 14 },
  shaker: { ...burst, noiseHz: 6500, q: 1.2, decayMs: 75, attackMs: 18 },
  cowbell: { ...burst, noise: 0.2, noiseHz: 3000, decayMs: 20, ringHz: 562, ringMs: 320 },
  highConga: { ...burst, noise: 0.35, noiseHz: 1800, decayMs: 18, ringHz: 318, ringMs: 240 },
  lowConga: { ...burst, noise: 0.3, noiseHz: 1200, decayMs: 20, ringHz: 212, ringMs: 330 },
  highBongo: { ...burst, noise: 0.35, noiseHz: 2600, decayMs: 14, ringHz: 470, ringMs: 150 },
  lowBongo: { ...burst, noise: 0.3, noiseHz: 2000, decayMs: 16, ringHz: 344, ringMs: 190 },
  clave: { ...burst, noise: 0.1, noiseHz: 4000, decayMs: 6, ringHz: 2450, ringMs: 70 },
  woodblock: { ...burst, noise: 0.25, noiseHz: 3000, decayMs: 8, ringHz: 1050, ringMs: 80 },
  guiro: { ...burst, noiseHz: 3600, q: 2.2, decayMs: 60, burstCount: 9, gapMs: 13 },
};

/** Pan −1 (left) to 1, as the audience sees the kit, and level in dB of a full stroke. */
const PLACES: Readonly<Record<string, readonly [panPosition: number, levelDb: number]>> = {
  kick: [0, -6],
  snare: [0.04, -8],
  sideStick: [0.04, -13],
  clap: [0.04, -11],
  brush: [0.04, -13],
  closedHat: [0.35, -19],
  pedalHat: [0.35, -22],
  openHat: [0.35, -18],
  highTom: [0.2, -10],
  midTom: [-0.1, -10],
  lowTom: [-0.4, -9],
  crash: [0.45, -16],
  ride: [-0.5, -20],
  tambourine: [-0.3, -20],
  shaker: [0.5, -22],
  cowbell: [0.25, -19],
  highConga: [-0.35, -14],
  lowConga: [-0.45, -14],
  highBongo: [0.4, -15],
  lowBongo: [0.5, -15],
  clave: [-0.2, -20],
  woodblock: [0.3, -19],
  guiro: [-0.55, -20],
};

/** Sounds that the kit has. */
export const KIT_SOUNDS: readonly string[] = Object.keys(PLACES);

/** Synthesises one stroke of a sound. Peak about `strength`, before the level of its place. */
export function synthesise(kit: KitName, sound: string, stroke: StrokeSpec): Float32Array {
  const shape = SHAPES[kit];
  const tom = (index: 0 | 1 | 2) =>
    synthesiseMembrane(
      {
        pitchHz: shape.tomHz[index],
        sweepHz: shape.tomHz[index] * 0.35,
        sweepMs: 45,
        decayMs: shape.tomDecayMs * (1 + 0.2 * index),
        overtone: 0.3,
        click: 0.4,
        clickHz: 3000,
        drive: 0.15,
      },
      stroke,
    );
  switch (sound) {
    case 'kick':
      return synthesiseMembrane(shape.kick, stroke);
    case 'snare':
      return synthesiseSnare(shape.snare, shape.wires, stroke);
    case 'brush':
      return synthesiseSnare(
        { ...shape.snare, click: 0, overtone: 0.2 },
        { level: 0.95, decayMs: 260, cutoffHz: 3800 },
        stroke,
      );
    case 'closedHat':
      return synthesiseMetal(shape.hat, stroke);
    case 'pedalHat':
      return synthesiseMetal(
        { ...shape.hat, decayMs: shape.hat.decayMs * 1.2, noise: 0.75, attackMs: 3 },
        stroke,
      );
    case 'openHat':
      return synthesiseMetal({ ...shape.hat, decayMs: shape.openHatMs }, stroke);
    case 'highTom':
      return tom(0);
    case 'midTom':
      return tom(1);
    case 'lowTom':
      return tom(2);
    case 'crash':
      return synthesiseMetal(
        {
          lowestHz: 420,
          highestHz: 15000,
          partialCount: 56,
          decayMs: shape.crashMs,
          noise: 0.5,
          highPassHz: 500,
          attackMs: 6,
          body: 21,
        },
        stroke,
      );
    case 'ride':
      return synthesiseMetal(
        {
          lowestHz: 480,
          highestHz: 14000,
          partialCount: 44,
          decayMs: shape.rideMs,
          noise: 0.22,
          highPassHz: 450,
          attackMs: 1,
          body: 34,
        },
        stroke,
      );
    default:
      return synthesiseBurst(BURSTS[sound]!, stroke);
  }
}

/** Where a sound stands: gains of left and right at its level. */
export function placeOf(sound: string): { readonly leftGain: number; readonly rightGain: number } {
  const [pan, levelDb] = PLACES[sound]!;
  const gain = 10 ** (levelDb / 20);
  const angle = ((pan + 1) * Math.PI) / 4;
  return { leftGain: gain * Math.cos(angle) * Math.SQRT2, rightGain: gain * Math.sin(angle) * Math.SQRT2 };
}

/** The room of a kit. */
export function roomOf(kit: KitName): { readonly decayMs: number; readonly levelDb: number } {
  const { roomMs, roomDb } = SHAPES[kit];
  return { decayMs: roomMs, levelDb: roomDb };
}
