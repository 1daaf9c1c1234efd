import toneMidi from '@tonejs/midi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DrummerModel, loadDrummer } from '../../src/models/drummer.js';
import { parseSections } from '../../src/players/arrangement.js';
import type { ControlOverrides } from '../../src/players/controls.js';
import { DRUM_MAPS } from '../../src/players/drum-maps.js';
import { lockRate } from '../../src/players/follow.js';
import { gridOfStrokes, learnPersona } from '../../src/players/learn.js';
import { formatMeter, parseMeter } from '../../src/players/meter.js';
import { decodeDrumMidi, decodeOnsets, decodeTempo, encodeMidi } from '../../src/players/midi-file.js';
import { type DrumPerformance, type PerformRequest, perform } from '../../src/players/performance.js';
import { decodeKept, encodePerformance } from '../../src/players/performance-file.js';
import { listPersonaIds, loadPersona } from '../../src/players/persona.js';
import { PIECE_COUNT, type Sound } from '../../src/players/pieces.js';
import { Random } from '../../src/players/random.js';
import { parseTempoMap, TempoMap } from '../../src/players/tempo-map.js';

let model: DrummerModel;
beforeAll(async () => {
  model = await loadDrummer();
});
afterAll(() => model.release());

function play(
  id: string,
  bars: number,
  overrides: ControlOverrides = {},
  more: Partial<PerformRequest> = {},
) {
  return perform({ model, persona: loadPersona(id), sections: [{ label: '', bars }], overrides, ...more });
}

function stepsOf(performance: DrumPerformance, sound: Sound): number[] {
  return performance.events.filter((event) => event.sound === sound).map(({ step }) => step);
}

describe('a performance', () => {
  it('repeats byte for byte by seed', async () => {
    const bytes = async (seed: number) =>
      Buffer.from(encodeMidi(await play('kyle', 8, { seed }), DRUM_MAPS.gm));
    const first = await bytes(4);
    expect((await bytes(4)).equals(first)).toBe(true);
    expect((await bytes(5)).equals(first)).toBe(false);
  });

  it.each(listPersonaIds())('%s plays in order, in range and not before the first beat', async (id) => {
    const performance = await play(id, 4);
    expect(performance.events.length).toBeGreaterThan(8);
    let before = 0;
    for (const { timeSec, velocity, bar, durationSec } of performance.events) {
      expect(timeSec).toBeGreaterThanOrEqual(before);
      before = timeSec;
      expect(velocity).toBeGreaterThanOrEqual(1);
      expect(velocity).toBeLessThanOrEqual(127);
      expect(bar).toBeLessThanOrEqual(4);
      expect(durationSec).toBeGreaterThan(0);
    }
  });

  it('plays every meter and the limits of tempo', async () => {
    for (const name of ['2/4', '3/4', '5/4', '6/8', '7/8', '12/8']) {
      const performance = await play('gavin', 2, {}, { meter: parseMeter(name) });
      expect(formatMeter(performance.meter)).toBe(name);
      expect(performance.events.at(-1)!.bar).toBe(2);
    }
    for (const bpm of ['40', '240']) {
      const tempoMap = parseTempoMap(bpm, 4, 1);
      const { events } = await play('joey', 2, {}, { tempoMap });
      expect(events.at(-1)!.timeSec).toBeLessThan(tempoMap.toSec(8) + 0.1);
    }
  });

  it('holds the kick on one where the persona does, and leaves it out in a one-drop', async () => {
    const kyle = await play('kyle', 8, { fillAmountPercent: 0 });
    const kicks = stepsOf(kyle, 'kick');
    for (let bar = 0; bar < 8; bar++) expect(kicks).toContain(bar * 16);
    const winston = await play('winston', 8, { fillAmountPercent: 0 });
    expect(stepsOf(winston, 'kick').filter((step) => step % 16 === 0)).toEqual([]);
    expect(stepsOf(winston, 'kick').filter((step) => step % 16 === 8).length).toBeGreaterThanOrEqual(6);
  });

  it('puts a crash on the one after a fill', async () => {
    const performance = await play('kyle', 9, { fillAmountPercent: 60, fillEvery: '4' });
    const filled = performance.arrangement.bars.filter(({ fillSteps }) => fillSteps.size > 0);
    expect(filled.map(({ index }) => index)).toEqual([3, 7]);
    expect(stepsOf(performance, 'crash')).toEqual(expect.arrayContaining([64, 128]));
  });

  it('leaves out what is switched off', async () => {
    const { events } = await play('kyle', 8, { groupPercent: { kick: 0, cymbals: 0 } });
    const sounds = new Set(events.map(({ sound }) => sound));
    for (const sound of ['kick', 'crash', 'ride'] as const) expect(sounds).not.toContain(sound);
  });

  it('plays the backbeat at half the pace in half time', async () => {
    const snares = stepsOf(
      await play('kyle', 8, { halfTime: true, fillAmountPercent: 0, ghostNotesPercent: 0 }),
      'snare',
    );
    for (let bar = 0; bar < 8; bar++) expect(snares).toContain(bar * 16 + 8);
    expect(snares.filter((step) => step % 16 === 4 || step % 16 === 12)).toEqual([]);
  });

  it('changes with sections', async () => {
    const performance = await play('gavin', 1, {}, { sections: parseSections('intro:4 chorus:4') });
    const mean = (from: number, to: number) => {
      const part = performance.events.filter(({ bar }) => bar >= from && bar <= to);
      return part.reduce((sum, { velocity }) => sum + velocity, 0) / part.length;
    };
    expect(mean(5, 8)).toBeGreaterThan(mean(1, 4) + 5);
    expect(performance.arrangement.sections.map(({ startBar }) => startBar)).toEqual([0, 4]);
  });

  it('chokes an open hat by the next hat', async () => {
    const { events } = await play('donna', 8);
    const hats = events.filter(({ sound }) => /hat/i.test(sound));
    const open = hats.filter(({ sound }) => sound === 'openHat');
    expect(open.length).toBeGreaterThan(4);
    for (const event of open) {
      const next = hats.find(({ timeSec }) => timeSec > event.timeSec);
      if (next !== undefined)
        expect(event.timeSec + event.durationSec).toBeLessThanOrEqual(next.timeSec + 0.021);
    }
  });

  it('lies on the grid without humanizing but for the network’s mean timing', async () => {
    const spreadOf = async (humanize: number) => {
      const { events, tempoMap, grid, arrangement } = await play('kyle', 16, {
        humanize,
        swingPercent: 0,
        feel: 0,
      });
      expect(grid.stepCount).toBe(256);
      const deviations = events.map(
        ({ timeSec, step }) => 1000 * (timeSec - tempoMap.toSec(step * arrangement.grid.stepQuarters)),
      );
      const mean = deviations.reduce((sum, x) => sum + x, 0) / deviations.length;
      return Math.sqrt(deviations.reduce((sum, x) => sum + (x - mean) ** 2, 0) / deviations.length);
    };
    expect(await spreadOf(0)).toBeLessThan(0.75 * (await spreadOf(0.3)));
  });
});

describe('playing a part again', () => {
  it('keeps the rest to the last stroke', async () => {
    const whole = await play('jerome', 12);
    const again = await play('jerome', 12, {}, { regenerate: { fromBar: 5, toBar: 8, seed: 77 } });
    const outside = (performance: DrumPerformance) =>
      performance.events.filter(({ bar }) => bar < 5 || bar > 8);
    expect(outside(again)).toEqual(outside(whole));
    const inside = (performance: DrumPerformance) =>
      performance.events.filter(({ bar }) => bar >= 5 && bar <= 8);
    expect(inside(again)).not.toEqual(inside(whole));
    expect(inside(again).length).toBeGreaterThan(10);
  });

  it('keeps what a file holds', async () => {
    const whole = await play('kyle', 6, { seed: 9 });
    const kept = decodeKept(encodePerformance(whole), 'drums.json');
    expect(kept.events.length).toBe(whole.events.length);
    const again = await play(
      'kyle',
      6,
      { complexityPercent: 90 },
      { regenerate: { fromBar: 5, toBar: 6, seed: 3, kept } },
    );
    expect(again.events.filter(({ bar }) => bar < 5)).toEqual(kept.events.filter(({ bar }) => bar < 5));
    expect(() => decodeKept('{}', 'other.json')).toThrow(/is not a performance/);
  });
});

describe('following a bass', () => {
  it('locks the kick to its onsets', async () => {
    const random = new Random(2, 'bass test');
    const tempoMap = parseTempoMap('110', 4, 1);
    const onsets = Array.from({ length: 64 }, (_, i) => i)
      .filter((i) => i % 8 === 0 || random.next() < 0.3)
      .map((i) => ({ timeSec: Math.max(0, tempoMap.toSec(i / 2) + 0.006 * random.normal()), strength: 0.9 }));
    const kicks = (performance: DrumPerformance) =>
      performance.events.filter(({ sound }) => sound === 'kick').map(({ timeSec }) => timeSec);
    const free = lockRate(kicks(await play('jerome', 8, {}, { tempoMap })), onsets);
    const locked = lockRate(kicks(await play('jerome', 8, {}, { tempoMap, follow: { onsets } })), onsets);
    expect(locked).toBeGreaterThan(0.85);
    expect(locked).toBeGreaterThan(free + 0.2);
  });
});

describe('files', () => {
  it('hold tempo, meter, markers and every stroke', async () => {
    const performance = await play(
      'kyle',
      1,
      {},
      {
        sections: parseSections('verse:2 chorus:2'),
        tempoMap: parseTempoMap('1:100 3:140', 4, 1),
      },
    );
    const bytes = encodeMidi(performance, DRUM_MAPS.gm);
    expect(decodeTempo(bytes, 'x').map(({ quartersPerMinute }) => Math.round(quartersPerMinute))).toEqual([
      100, 140,
    ]);
    const { strokes, meter } = decodeDrumMidi(bytes, 'x');
    expect(meter).toEqual({ numerator: 4, denominator: 4 });
    expect(strokes.length).toBe(performance.events.length);
    expect(Buffer.from(bytes).includes('chorus')).toBe(true);
    const onsets = decodeOnsets(bytes, 'x');
    expect(onsets[0]!.timeSec).toBeCloseTo(performance.events[0]!.timeSec, 2);
    expect(() => decodeDrumMidi(new Uint8Array([1, 2, 3]), 'bad.mid')).toThrow(/not a Standard MIDI File/);
  });

  it('hold 120 bpm until a file says otherwise', () => {
    const midi = new toneMidi.Midi();
    midi.header.fromJSON({
      name: '',
      ppq: 480,
      keySignatures: [],
      meta: [],
      tempos: [{ ticks: 1920, bpm: 90 }],
      timeSignatures: [],
    });
    midi.addTrack().addNote({ midi: 36, ticks: 0, durationTicks: 10 });
    const changes = decodeTempo(midi.toArray(), 'x');
    expect(changes.map(({ atQuarter }) => atQuarter)).toEqual([0, 4]);
    expect(changes.map(({ quartersPerMinute }) => Math.round(quartersPerMinute))).toEqual([120, 90]);
  });

  it('lie on their song where it does not begin at zero', async () => {
    const tempoMap = new TempoMap([{ atQuarter: 0, quartersPerMinute: 120 }], 1.3);
    const performance = await play('kyle', 2, {}, { tempoMap });
    const onsets = decodeOnsets(encodeMidi(performance, DRUM_MAPS.gm), 'x');
    expect(performance.events[0]!.timeSec).toBeGreaterThanOrEqual(1.3);
    expect(Math.abs(onsets[0]!.timeSec - performance.events[0]!.timeSec)).toBeLessThan(0.003);
    expect(Math.abs(onsets.at(-1)!.timeSec - performance.events.at(-1)!.timeSec)).toBeLessThan(0.025);
  });
});

describe('learning', () => {
  it('finds the tempo, grid and swing of what it was played, and a style that is more likely', async () => {
    const overrides = { swingPercent: 90, swingOn: 'sixteenths', feel: 0, seed: 11 } as const;
    const played = await play('maurice', 24, overrides, { tempoMap: parseTempoMap('92', 4, 1) });
    const performance = gridOfStrokes(decodeDrumMidi(encodeMidi(played, DRUM_MAPS.td11), 'x'))!;
    const learned = await learnPersona([performance], model);
    expect(learned.tempoBpm.default).toBe(92);
    expect(learned.grid).toBe('sixteenths');
    expect(learned.swing).toBeGreaterThan(50);
    expect(learned.beatOne).toBe('kick');
    expect(learned.styleVector).toHaveLength(6);
    expect(performance.grid.velocity.length).toBe(performance.grid.stepCount * PIECE_COUNT);
  }, 60_000);
});
