// report.html in a real browser: no error in the console, nothing wider than the screen, no words over each other at
// 360, 800 and 1600 px, and a page that answers to pointer and keys. Skipped where no Chromium is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BatchItem } from '../../src/pipeline/batch.js';
import { reportHtml } from '../../src/report/html.js';
import { indexHtml } from '../../src/report/index-page.js';
import { sampleReport } from './sample-report.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
if (CHROMIUM === undefined) console.log('report.html is not opened: no Chromium is installed');

/** Runs in the page when it is ready, and tells the frame around it what it finds. */
const PROBE = `
addEventListener('load', async () => {
  const boxes = [...document.querySelectorAll('h1,h2,h3,p,table,.lane,.tiles div,.advice li,.player,.lane .name b,.field-row')]
    .filter((element) => element.checkVisibility() && !element.closest('details:not([open])'))
    .map((element) => ({ element, box: element.getBoundingClientRect() }));
  const overlaps = [];
  boxes.forEach(({ element: a, box: p }, i) => boxes.slice(i + 1).forEach(({ element: b, box: q }) => {
    if (a.contains(b) || b.contains(a)) return;
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 2 && high > 2) overlaps.push(a.outerHTML.slice(0, 60) + ' / ' + b.outerHTML.slice(0, 60));
  }));
  const plot = document.querySelector('.seek .plot').getBoundingClientRect();
  const at = { clientX: plot.left + plot.width / 2, clientY: plot.top + 5, button: 0, bubbles: true };
  document.querySelector('.seek .plot').dispatchEvent(new PointerEvent('pointerdown', at));
  const afterClick = document.querySelector('.readout').textContent;
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  const afterKey = document.querySelector('.player .clock').textContent;
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'b', bubbles: true }));
  const chosen = document.querySelector('.versions :checked').value;
  const volumes = [...document.querySelectorAll('audio')].map((audio) => audio.volume.toFixed(3));
  const audio = [...document.querySelectorAll('audio')];
  const settle = () => new Promise((ready) => setTimeout(ready, 200));
  const playing = () => audio.map((one) => (one.paused ? '-' : '>')).join('') + document.querySelector('.play').getAttribute('aria-label');
  const heard = [playing()];
  document.querySelector('.play').click();
  await settle();
  heard.push(playing());
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }));
  await settle();
  heard.push(playing(), audio[0].currentTime.toFixed(1));
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: ' ', bubbles: true }));
  await settle();
  heard.push(playing());
  const unnamed = [...document.querySelectorAll('button,input,audio,[role=img]')]
    .filter((element) => !element.getAttribute('aria-label') && !element.closest('label')).length;
  const suggestion = document.querySelector('[data-lights]');
  suggestion.focus();
  const region = document.querySelector('[data-region=' + suggestion.dataset.lights + ']');
  parent.postMessage(JSON.stringify({
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    width: innerWidth, overlaps, afterClick, afterKey, chosen, volumes, heard, unnamed,
    lit: getComputedStyle(region).opacity, errors: window.failures,
  }), '*');
});`;

interface Found {
  readonly overflow: number;
  readonly width: number;
  readonly overlaps: readonly string[];
  readonly afterClick: string;
  readonly afterKey: string;
  readonly chosen: string;
  readonly volumes: readonly string[];
  readonly heard: readonly string[];
  readonly unnamed: number;
  readonly lit: string;
  readonly errors: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'forge-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function open<Result>(html: string, widthPx: number, probe: string): { found: Result; console: string } {
  const inner = join(folder, `inner-${widthPx}.html`);
  const page = join(folder, `page-${widthPx}.html`);
  // A window is never narrower than 500 px; a frame is.
  writeFileSync(
    page,
    `<title></title><script>addEventListener('message',(e)=>{document.title=e.data})</script><iframe src="inner-${widthPx}.html" style="width:${widthPx}px;height:1000px;border:0"></iframe>`,
  );
  const watch = `<script>window.failures=[];addEventListener('error',(e)=>failures.push(String(e.message)));addEventListener('unhandledrejection',(e)=>failures.push(String(e.reason)))</script>`;
  writeFileSync(
    inner,
    html.replace('<head>', `<head>${watch}`).replace('</body>', `<script>${probe}</script></body>`),
  );
  const run = spawnSync(
    CHROMIUM!,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--enable-logging=stderr',
      `--user-data-dir=${join(folder, `profile-${widthPx}`)}`,
      `--window-size=${Math.max(500, widthPx + 50)},1100`,
      '--virtual-time-budget=6000',
      '--autoplay-policy=no-user-gesture-required',
      '--dump-dom',
      `file://${page}`,
    ],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  const title = /<title>([[{].*?[\]}])<\/title>/s.exec(run.stdout)?.[1];
  if (title === undefined) throw new Error(`no result from the page: ${run.stderr.slice(-2000)}`);
  const text = title.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  const console = run.stderr.split('\n').filter((line) => line.includes('CONSOLE'));
  return { found: JSON.parse(text) as Result, console: console.join('\n') };
}

/** Seconds of silence as a WAV of 8 bits at 3 kHz. */
function silence(durationSec: number): string {
  const rate = 3000;
  const count = durationSec * rate;
  const bytes = Buffer.alloc(44 + count, 128);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + count, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate, 28);
  bytes.writeUInt16LE(1, 32);
  bytes.writeUInt16LE(8, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(count, 40);
  return `data:audio/wav;base64,${bytes.toString('base64')}`;
}

describe.skipIf(CHROMIUM === undefined)('report.html in a browser', () => {
  const report = sampleReport();
  const data = report.stages[0]!.data as unknown as { readonly picture: object };
  const picture = { ...data.picture, shortTermLufs: { hopSec: 1, values: new Array(180).fill(-14) } };
  const master = {
    ...report.stages[0]!,
    id: 'master',
    stage: 'master',
    data: {
      preset: 'spotify',
      target: { integratedLufs: -14, summary: 'Spotify' },
      before: {
        loudness: { integratedLufs: -14.02, loudnessRangeLu: 2 },
        spectrum: { thirdOctavesDb: new Array(31).fill(-15) },
      },
      after: {
        loudness: { integratedLufs: -8, loudnessRangeLu: 2 },
        spectrum: { thirdOctavesDb: new Array(31).fill(-15) },
      },
      chain: [{ device: 'gain', settings: { gainDb: 6 }, reason: 'Gain alone.' }],
      picture: { before: picture, after: picture },
      checks: [{ rule: 'integratedLufs', limit: { min: -14.1, max: -13.9 }, measured: -14, pass: true }],
    },
  } as unknown as (typeof report.stages)[number];
  const html = reportHtml(
    { ...report, stages: [...report.stages, master] },
    {
      sources: [
        { label: 'input', href: silence(180) },
        { label: 'master', href: silence(180) },
      ],
    },
  );

  it.each([360, 800, 1600])('fits %i px and answers', (widthPx) => {
    const { found, console } = open<Found>(html, widthPx, PROBE);
    expect(found.width).toBe(widthPx);
    expect(found.errors).toEqual([]);
    expect(console).toBe('');
    expect(found.overflow).toBe(0);
    expect(found.overlaps).toEqual([]);
    expect(found.unnamed).toBe(0);
    // The middle of three minutes; then five seconds on; then version B.
    expect(found.afterClick).toMatch(
      /^1:30\.\d · bar 46 · section B · key A minor · chord F:maj · −14\.0 LUFS · correlation 0\.70$/,
    );
    expect(found.afterKey).toMatch(/^1:35\.\d \/ 3:00\.0$/);
    expect(found.chosen).toBe('1');
    // The louder master is turned down by 6.02 dB, the mix not at all.
    expect(found.volumes).toEqual(['1.000', '0.500']);
    // B plays from where the keys left it; A takes over at the same place; space stops.
    const [before, playing, other, heardSec, after] = found.heard;
    expect([before, playing, other, after]).toEqual(['--Play', '->Pause', '>-Pause', '--Play']);
    expect(Math.abs(Number(heardSec) - 95.1)).toBeLessThan(0.25);
    expect(found.lit).toBe('1');
  });

  it('sorts the index by a column, and again the other way round', () => {
    const item = (path: string, integratedLufs: number | null) =>
      ({
        path,
        status: 'ok',
        result: {
          input: { durationSec: 60, path },
          folder: `/out/${path}`,
          stages: [{ stage: 'analyze', data: { loudness: { integratedLufs } } }],
        },
      }) as unknown as BatchItem;
    const items = [item('a.wav', -9), item('b.wav', -23.5), item('c.wav', null), item('d.wav', -14)];
    const { found } = open<readonly string[]>(
      indexHtml('/out', 'analyze', items),
      800,
      `addEventListener('load', () => {
        const order = () => [...document.querySelectorAll('tbody th')].map((head) => head.textContent[0]).join('');
        const column = document.querySelectorAll('thead button')[2];
        const seen = [column.textContent, order()];
        for (let k = 0; k < 2; k++) { column.click(); seen.push(order(), column.parentElement.getAttribute('aria-sort')); }
        parent.postMessage(JSON.stringify(seen), '*');
      });`,
    );
    expect(found).toEqual(['LUFS', 'abcd', 'bdac', 'ascending', 'adbc', 'descending']);
  });
});
