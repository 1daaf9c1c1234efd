// The values of the package's own YAML files as JSON texts, by the sha256 of the file's text: src/yaml-file.ts takes them
// instead of parsing. A file that was edited since has another hash, and is parsed.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { globSync } from 'tinyglobby';
import { parse } from 'yaml';

/** { sha256 of a text: its value as JSON }; values that JSON cannot hold are left out. */
export function yamlValues(root) {
  const values = {};
  for (const path of globSync(['presets/**/*.yaml', 'weights/*/card.yaml'], { cwd: root }).sort()) {
    const text = readFileSync(join(root, path), 'utf8');
    const value = parse(text, { uniqueKeys: true });
    const json = JSON.stringify(value);
    if (!isDeepStrictEqual(JSON.parse(json), value)) continue;
    values[createHash('sha256').update(text).digest('hex')] = json;
  }
  return values;
}
