import { expect, it } from 'vitest';
import { jsonText } from '../../src/report/json-text.js';

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
  const text = jsonText(value);
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
  expect(text.split('\n')).toContain('  "history": [1.5,null,-3],');
  expect(text.split('\n')).toContain('      "label": "A",');
});
