import { existsSync, readFileSync } from 'node:fs';
import { BasicSoundBank } from 'spessasynth_core';
import { describe, expect, it } from 'vitest';
import { type FontNote, SoundFont, SoundFontPlayer } from '../../src/players/sound-font.js';

const RATE_HZ = 48_000;
/** One preset, a saw tooth that rings until it is let go. */
const SAW = new Uint8Array(BasicSoundBank.getSampleSoundBankFile());
/** A General MIDI font of Debian (timgm6mb-soundfont); not part of the project. */
const DEBIAN_FONT = '/usr/share/sounds/sf2/TimGM6mb.sf2';
const hasDebianFont = existsSync(DEBIAN_FONT);
if (!hasDebianFont) console.log(`not tested with a real drum kit: there is no ${DEBIAN_FONT}`);

function note(midi: number, timeSec: number, velocity = 100, durationSec = 0.1): FontNote {
  return { note: midi, timeSec, velocity, durationSec };
}

/** Left channel of every part, rendered in blocks of so many frames. */
async function render(
  bytes: Uint8Array,
  parts: FontNote[][],
  frameCount: number,
  blockFrames = 4096,
): Promise<Float64Array[]> {
  const font = await SoundFont.parse(bytes, 'font.sf2');
  const player = await SoundFontPlayer.create(font, parts, 'rock', RATE_HZ);
  const whole = parts.map(() => new Float64Array(frameCount));
  for (let start = 0; start < frameCount; start += blockFrames) {
    const blocks = player.process(Math.min(blockFrames, frameCount - start));
    blocks.forEach(([left], part) => {
      whole[part]!.set(left, start);
    });
  }
  return whole;
}

function peak(samples: Float64Array): number {
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

describe('SoundFontPlayer', () => {
  it('begins a note on its frame, and lets it go', async () => {
    const beginFrame = 1237;
    const [played] = await render(SAW, [[note(60, beginFrame / RATE_HZ)]], RATE_HZ);
    expect(peak(played!.subarray(0, beginFrame))).toBe(0);
    expect(peak(played!.subarray(beginFrame, beginFrame + 200))).toBeGreaterThan(0.001);
    expect(peak(played!.subarray(RATE_HZ - 4800))).toBeLessThan(1e-4);
  });

  it('plays louder where the velocity is higher', async () => {
    const [soft] = await render(SAW, [[note(60, 0, 30)]], 4800);
    const [loud] = await render(SAW, [[note(60, 0, 120)]], 4800);
    expect(peak(loud!)).toBeGreaterThan(3 * peak(soft!));
  });

  it('a stroke goes on where the one before would have ended', async () => {
    const later = note(60, 0.05, 100, 0.3);
    const [both] = await render(SAW, [[note(60, 0), later]], 9600);
    // From 0.1 s on, when the first would have been let go, the second still sounds.
    expect(peak(both!.subarray(7200, 9600))).toBeGreaterThan(0.01);
  });

  it('keeps parts apart, and their sum is the whole', async () => {
    const low = [note(40, 0.01), note(40, 0.2)];
    const high = [note(70, 0.1)];
    const parts = await render(SAW, [low, high, []], 19_200);
    expect(parts.map((part) => peak(part) > 0.001)).toEqual([true, true, false]);
    const [whole] = await render(SAW, [[...low, ...high].sort((a, b) => a.timeSec - b.timeSec)], 19_200);
    const worst = whole!.reduce(
      (most, sample, i) => Math.max(most, Math.abs(sample - parts[0]![i]! - parts[1]![i]!)),
      0,
    );
    expect(worst).toBeLessThan(1e-6);
  });

  it('gives the same samples for any block of multiples of 128 frames, and every time', async () => {
    const notes = [note(36, 0.003), note(38, 0.05, 70), note(36, 0.1)];
    const [once] = await render(SAW, [notes], 9700, 4096);
    const [again] = await render(SAW, [notes], 9700, 128);
    expect(again).toEqual(once);
  });

  it('plays more parts than a MIDI port has channels', async () => {
    const parts = Array.from({ length: 18 }, (_, part) => [note(60, 0.01 * part)]);
    const played = await render(SAW, parts, 19_200);
    for (const part of played) expect(peak(part)).toBeGreaterThan(0.001);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('this is no SoundFont, whatever its name says')],
    ['half a font', SAW.subarray(0, SAW.length >> 1)],
  ])('refuses %s', async (_, bytes) => {
    await expect(SoundFont.parse(bytes, 'bad.sf2')).rejects.toMatchObject({ code: 'input/damaged' });
  });

  it.skipIf(!hasDebianFont)('plays the drum kit of a General MIDI font, and chokes its hats', async () => {
    const font = readFileSync(DEBIAN_FONT);
    const parts = await render(font, [[note(36, 0.01)], [note(38, 0.01)], [note(46, 0.01, 100, 1)]], RATE_HZ);
    for (const part of parts) expect(peak(part)).toBeGreaterThan(0.01);
    const [choked] = await render(font, [[note(46, 0.01, 100, 1), note(42, 0.1)]], RATE_HZ);
    const energy = (samples: Float64Array) => samples.reduce((sum, sample) => sum + sample ** 2, 0);
    // Closed hat and all: from 0.3 s on there is less than of the open hat alone.
    expect(energy(choked!.subarray(14_400))).toBeLessThan(0.5 * energy(parts[2]!.subarray(14_400)));
  });
});
