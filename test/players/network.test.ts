import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCard, PACKAGE_WEIGHTS_DIR } from '../../src/models/card.js';
import {
  HEARD_SIZE,
  HITS_SIZE,
  INPUT_SIZE,
  loadDrummer,
  SPREAD_SIZE,
  STATE_SIZE,
} from '../../src/models/drummer.js';
import { Random } from '../../src/players/random.js';

describe('the drummer’s network', () => {
  it('is the one on its card, below 2 MB', () => {
    for (const { name, bytes, sha256 } of findCard('drummer').files) {
      const path = join(PACKAGE_WEIGHTS_DIR, 'drummer', name);
      expect(statSync(path).size).toBe(bytes);
      expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256);
      expect(bytes).toBeLessThan(2e6);
    }
  });

  it('keeps candidates apart, carries state and ignores the places of chords', async () => {
    const model = await loadDrummer();
    const random = new Random(1, 'network test');
    const input = Float32Array.from({ length: 2 * INPUT_SIZE }, () => random.next());
    const heard = Float32Array.from({ length: 2 * HEARD_SIZE }, () => random.next());
    const state = Float32Array.from({ length: 2 * STATE_SIZE }, () => random.normal());
    const both = await model.step(2, input, heard, state);
    const second = await model.step(
      1,
      input.slice(INPUT_SIZE),
      heard.slice(HEARD_SIZE),
      state.slice(STATE_SIZE),
    );
    const close = (a: Float32Array, b: Float32Array) => {
      a.forEach((value, i) => {
        expect(Math.abs(value - b[i]!)).toBeLessThan(1e-5);
      });
    };
    close(second.hits, both.hits.slice(HITS_SIZE));
    close(second.spread, both.spread.slice(SPREAD_SIZE));
    close(second.nextState, both.nextState.slice(STATE_SIZE));
    const withChord = input.slice(INPUT_SIZE);
    withChord[24] = 1;
    withChord[40] = 1;
    close(
      (await model.step(1, withChord, heard.slice(HEARD_SIZE), state.slice(STATE_SIZE))).hits,
      second.hits,
    );
    const rested = await model.step(
      1,
      input.slice(INPUT_SIZE),
      heard.slice(HEARD_SIZE),
      new Float32Array(STATE_SIZE),
    );
    expect(rested.hits).not.toEqual(second.hits);
    expect(() => model.styleVector({ polka: 1 })).toThrow(/expected a style/);
    await model.release();
  });
});
