// Checks the licence of every installed package against a list of permissive ones. Exits 1 at the first that is not
// on it. ffmpeg-static (GPL-3.0, optional) is the one exception: docs/adr says why.
import { init } from 'license-checker-rseidelsohn';

const PERMISSIVE =
  /^(MIT|MIT\*|MIT-0|ISC|BSD|BSD\*|BSD-2-Clause|BSD-3-Clause|0BSD|Apache-2\.0|Apache\*|Unlicense|CC0-1\.0|CC-BY-4\.0|CC-BY-3\.0|Python-2\.0|BlueOak-1\.0\.0|WTFPL|Public Domain|Zlib|MPL-2\.0)$/;
const EXCEPTIONS = new Map([['ffmpeg-static', 'GPL-3.0-or-later']]);

const packages = await new Promise((resolve, reject) => {
  init({ start: process.cwd(), production: process.argv.includes('--production') }, (error, found) =>
    error ? reject(error) : resolve(found),
  );
});

const bad = [];
for (const [id, { licenses }] of Object.entries(packages)) {
  const name = id.slice(0, id.lastIndexOf('@'));
  const stated = [licenses].flat().join(' OR ').replace(/[()]/g, '');
  const isFree = stated
    .split(' OR ')
    .some((one) => one.split(' AND ').every((part) => PERMISSIVE.test(part.trim())));
  if (!isFree && EXCEPTIONS.get(name) !== stated && name !== 'forge-audio') bad.push(`${id}: ${stated}`);
}
if (bad.length > 0) {
  console.error(`packages without a permissive licence:\n  ${bad.join('\n  ')}`);
  process.exit(1);
}
console.log(
  `${Object.keys(packages).length} packages, all under permissive licences (but for ${[...EXCEPTIONS.keys()].join(', ')})`,
);
