// Performances to and from Standard MIDI Files, through @tonejs/midi: tempo map, meter, section markers and strokes.
// A song whose first bar does not begin at 0 s gets one bar of lead-in, so that the file lies on its audio.
import toneMidi from '@tonejs/midi';
import { ForgeError } from '../errors.js';
import { type DrumMap, PIECE_OF_NOTE } from './drum-maps.js';
import type { FollowOnset } from './follow.js';
import type { DrumPerformance } from './performance.js';

const TICKS_PER_QUARTER = 480;
/** What holds until a file says otherwise. */
const MIDI_TEMPO_BPM = 120;
/** Channel 10, counted from 0. */
const DRUM_CHANNEL = 9;

/** The bytes of a Standard MIDI File of format 1. */
export function encodeMidi(performance: DrumPerformance, map: DrumMap): Uint8Array {
  const { arrangement, tempoMap, meter } = performance;
  const barQuarters = arrangement.grid.stepCount * arrangement.grid.stepQuarters;
  const hasLeadIn = tempoMap.offsetSec > 0.01;
  const shift = hasLeadIn ? barQuarters : 0;
  const leadTempo = (60 * barQuarters) / tempoMap.offsetSec;
  const ticks = (quarter: number) => Math.max(0, Math.round((quarter + shift) * TICKS_PER_QUARTER));
  const midi = new toneMidi.Midi();
  midi.header.fromJSON({
    name: performance.personaId,
    ppq: TICKS_PER_QUARTER,
    keySignatures: [],
    meta: arrangement.sections
      .filter(({ label }) => label !== '')
      .map(({ label, startBar }) => ({ type: 'marker', text: label, ticks: ticks(startBar * barQuarters) })),
    tempos: [
      ...(hasLeadIn ? [{ ticks: 0, bpm: leadTempo }] : []),
      ...tempoMap.changes.map((change) => ({
        ticks: ticks(change.atQuarter),
        bpm: change.quartersPerMinute,
      })),
    ],
    timeSignatures: [{ ticks: 0, timeSignature: [meter.numerator, meter.denominator] }],
  });
  const track = midi.addTrack();
  track.name = 'Drums';
  track.channel = DRUM_CHANNEL;
  for (const event of performance.events) {
    const start = ticks(tempoMap.toQuarter(event.timeSec));
    const end = ticks(tempoMap.toQuarter(event.timeSec + event.durationSec));
    track.addNote({
      midi: map[event.sound],
      ticks: start,
      durationTicks: Math.max(1, end - start),
      // The library multiplies by 127 and rounds down.
      velocity: (event.velocity + 0.5) / 127,
    });
  }
  return midi.toArray();
}

/** A stroke that was read from a file. */
export interface MidiStroke {
  readonly piece: number;
  readonly quarter: number;
  /** 0 to 1. */
  readonly velocity: number;
}

export interface DrumMidi {
  readonly strokes: readonly MidiStroke[];
  readonly quartersPerMinute: number;
  readonly meter: { readonly numerator: number; readonly denominator: number };
}

/** The drum strokes of a file: of channel 10, or of all tracks where nothing is there. @throws ForgeError input/damaged */
export function decodeDrumMidi(bytes: Uint8Array, path: string): DrumMidi {
  const midi = parse(bytes, path);
  const onDrums = midi.tracks.filter((track) => track.channel === DRUM_CHANNEL && track.notes.length > 0);
  const tracks = onDrums.length > 0 ? onDrums : midi.tracks;
  const strokes = tracks
    .flatMap((track) => track.notes)
    .flatMap((note): MidiStroke[] => {
      const piece = PIECE_OF_NOTE[note.midi];
      return piece === undefined
        ? []
        : [{ piece, quarter: note.ticks / midi.header.ppq, velocity: note.velocity }];
    })
    .sort((a, b) => a.quarter - b.quarter || a.piece - b.piece);
  const [numerator = 4, denominator = 4] = midi.header.timeSignatures[0]?.timeSignature ?? [];
  return {
    strokes,
    quartersPerMinute: midi.header.tempos[0]?.bpm ?? MIDI_TEMPO_BPM,
    meter: { numerator, denominator },
  };
}

/** The onsets of all notes of a file, such as a bass part; chords are one onset. @throws ForgeError input/damaged */
export function decodeOnsets(bytes: Uint8Array, path: string): FollowOnset[] {
  const notes = parse(bytes, path)
    .tracks.flatMap((track) => track.notes)
    .sort((a, b) => a.time - b.time);
  const onsets: FollowOnset[] = [];
  for (const note of notes) {
    const last = onsets.at(-1);
    if (last !== undefined && note.time - last.timeSec < 0.02) continue;
    onsets.push({ timeSec: note.time, strength: note.velocity });
  }
  return onsets;
}

/** The tempo changes of a file, in order, the first at 0. @throws ForgeError input/damaged */
export function decodeTempo(
  bytes: Uint8Array,
  path: string,
): { atQuarter: number; quartersPerMinute: number }[] {
  const { header } = parse(bytes, path);
  const tempos = header.tempos.map(({ ticks, bpm }) => ({
    atQuarter: ticks / header.ppq,
    quartersPerMinute: bpm,
  }));
  return tempos[0]?.atQuarter === 0
    ? tempos
    : [{ atQuarter: 0, quartersPerMinute: MIDI_TEMPO_BPM }, ...tempos];
}

function parse(bytes: Uint8Array, path: string): InstanceType<typeof toneMidi.Midi> {
  try {
    return new toneMidi.Midi(bytes);
  } catch (cause) {
    throw new ForgeError(
      'input/damaged',
      `${path} is not a Standard MIDI File: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}
