// node training/drummer/generate.mjs OUT.json [COUNT]: eight-bar phrases of the personas for phrases.py, by the built
// engine (npm run build first, or FORGE_DIST). Styles come in the proportions of the data's test split; the pad is
// drawn from its middle, and so is the seed, by a fixed list.
import { writeFileSync } from 'node:fs';

const dist = process.env.FORGE_DIST ?? new URL('../../dist/', import.meta.url).href;
const load = (path) => import(new URL(path, dist).href);
const { loadDrummer } = await load('models/drummer.js');
const { perform } = await load('players/performance.js');
const { loadPersona } = await load('players/persona.js');
const { Random } = await load('players/random.js');
const { parseTempoMap } = await load('players/tempo-map.js');
const { swingDelay } = await load('players/feel.js');
const { PIECE_COUNT } = await load('players/pieces.js');

/** Personas of each style, and the style's share of phrases. */
const STYLES = {
  rock: [['kyle', 'logan', 'gavin', 'anders'], 0.2],
  funk: [['jerome'], 0.2],
  soul: [['benny', 'rose'], 0.14],
  latin: [['mateo', 'beatriz'], 0.14],
  hiphop: [['maurice'], 0.09],
  afrobeat: [['tunde'], 0.09],
  jazz: [['jasper'], 0.07],
  neworleans: [['darnell'], 0.07],
};

const [out, countText = '500'] = process.argv.slice(2);
const count = Number(countText);
const model = await loadDrummer();
const phrases = [];
for (const [style, [personas, share]] of Object.entries(STYLES)) {
  for (let i = 0; i < Math.round(count * share); i++) {
    const random = new Random(99, style, i);
    const persona = loadPersona(personas[i % personas.length]);
    const { low, high } = persona.tempoBpm;
    const tempoBpm = Math.round(low + (high - low) * random.next());
    const performance = await perform({
      model,
      persona,
      sections: [{ label: '', bars: 8 }],
      tempoMap: parseTempoMap(String(tempoBpm), 4, 1),
      overrides: {
        seed: 1000 + i,
        complexityPercent: 15 + 70 * random.next(),
        dynamicsPercent: 15 + 70 * random.next(),
      },
    });
    const { grid, arrangement, controls } = performance;
    const bar = arrangement.grid;
    const stepMs = (60000 / tempoBpm) * bar.stepQuarters;
    const pieces = { pedalHat: 2, sideStick: 1, clap: 1, brush: 1 };
    const names = ['kick', 'snare', 'closedHat', 'openHat', 'highTom', 'midTom', 'lowTom', 'crash', 'ride'];
    const hits = performance.events.flatMap(({ sound, step, timeSec, velocity }) => {
      const piece = names.indexOf(sound) >= 0 ? names.indexOf(sound) : pieces[sound];
      return piece === undefined ? [] : [[step, piece, velocity, timeSec * 1000 - step * stepMs]];
    });
    phrases.push({
      style,
      persona: persona.id,
      bpm: tempoBpm,
      barSteps: bar.stepCount,
      triplet: bar.isTriplet,
      steps: grid.stepCount,
      pieces: PIECE_COUNT,
      swingMs: swingDelay(1, bar, controls) * stepMs,
      hits,
    });
  }
}
await model.release();
writeFileSync(out, JSON.stringify(phrases));
console.log(`${phrases.length} phrases`);
