import { expect, it } from 'vitest';
import { jsonPieces } from '../../src/report/json-text.js';

it('is the JSON of the value, with runs of numbers on one line', () => {
  const value = {
    name: 'a "quoted"\nname',
    missing: undefined,
    none: null,
    history: [1.5, null, -3],
    sections: [{ label: 'A', sec: 0 }, {}],
    empty: [],
    nested: [[1, 2], ['x']],
  };
  const text = [...jsonPieces(value)].join('');
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
  expect(text.split('\n')).toContain('  "history": [1.5,null,-3],');
  expect(text.split('\n')).toContain('      "label": "A",');
});

it('gives long runs of numbers in pieces', () => {
  const value = { history: Array.from({ length: 10_000 }, (_, i) => (i % 7 === 0 ? null : i / 4)) };
  const pieces = [...jsonPieces(value)];
  expect(JSON.parse(pieces.join(''))).toEqual(value);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(50_000);
});
