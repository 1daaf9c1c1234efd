// What report.html does in the browser: one position on all lanes, by pointer, slider or keys; the player with its
// versions at equal loudness. Plain JavaScript in a string, for it is written into the page; it loads and sends nothing.
// Data of the page lie in <script type="application/json" id="timeline">.

export const PAGE_SCRIPT = `
'use strict';
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const stacks = all('.lanes');
  const known = document.getElementById('timeline');
  const data = known ? JSON.parse(known.textContent) : {};
  const player = document.querySelector('.player');
  const audio = player ? all('audio', player) : [];
  const durationSec = Math.max(0, ...stacks.map((stack) => Number(stack.dataset.duration)));
  let positionSec = 0;
  let active = 0;

  const clock = (sec) => Math.floor(sec / 60) + ':' + (sec % 60).toFixed(1).padStart(4, '0');
  const spanAt = (spans, sec) => (spans || []).find(([start, end]) => sec >= start && sec < end);
  const valueAt = (curve, sec) => curve && curve.values[Math.floor(sec / curve.hopSec)];
  const minus = (value, digits) => value.toFixed(digits).replace('-', '\\u2212');

  function describe(sec) {
    const parts = [clock(sec)];
    const bars = data.downbeatsSec || [];
    let bar = 0;
    while (bar < bars.length && bars[bar] <= sec) bar++;
    if (bar > 0) parts.push('bar ' + bar);
    for (const [name, spans] of [['section', data.sections], ['key', data.keys], ['chord', data.chords]]) {
      const span = spanAt(spans, sec);
      if (span) parts.push(name + ' ' + span[2]);
    }
    const lufs = valueAt(data.shortTermLufs, sec);
    if (lufs != null) parts.push(minus(lufs, 1) + ' LUFS');
    const correlation = valueAt(data.correlation, sec);
    if (correlation != null) parts.push('correlation ' + minus(correlation, 2));
    return parts.join(' \\u00b7 ');
  }

  function show(sec) {
    positionSec = Math.min(Math.max(0, sec), durationSec || sec);
    for (const stack of stacks) {
      const own = Number(stack.dataset.duration);
      const cursor = stack.querySelector('.cursor');
      cursor.hidden = false;
      cursor.style.setProperty('--at', Math.min(1, positionSec / own));
      const slider = stack.querySelector('input[type=range]');
      slider.value = positionSec;
      const text = describe(positionSec);
      slider.setAttribute('aria-valuetext', text);
      const readout = stack.nextElementSibling;
      if (readout) readout.textContent = text;
    }
    if (player) player.querySelector('.clock').textContent = clock(positionSec) + ' / ' + clock(durationSec || audio[active].duration || 0);
  }

  function seek(sec) {
    show(sec);
    if (audio[active] && audio[active].readyState > 0) audio[active].currentTime = positionSec;
  }

  for (const stack of stacks) {
    for (const plot of all('.seek .plot', stack)) {
      const go = (event) => {
        const box = plot.getBoundingClientRect();
        seek(((event.clientX - box.left) / box.width) * Number(stack.dataset.duration));
      };
      plot.addEventListener('pointerdown', (event) => { if (event.button === 0) go(event); });
      plot.addEventListener('pointermove', (event) => { if (event.buttons & 1) go(event); });
    }
    stack.querySelector('input[type=range]').addEventListener('input', (event) => seek(Number(event.target.value)));
  }

  if (player) {
    player.classList.add('scripted');
    const button = player.querySelector('.play');
    const equal = player.querySelector('.equal input');
    const trouble = player.querySelector('.trouble');
    const level = () => audio.forEach((one) => {
      one.volume = equal && equal.checked ? Math.min(1, 10 ** (Number(one.dataset.trim) / 20)) : 1;
    });
    const showButton = () => {
      const isPlaying = !audio[active].paused;
      button.textContent = isPlaying ? '\\u275a\\u275a' : '\\u25b6';
      button.setAttribute('aria-label', isPlaying ? 'Pause' : 'Play');
    };
    const failed = () => { trouble.textContent = 'This version cannot be played: the file is not where the page expects it, or the browser does not know its format.'; };
    const start = () => {
      if (durationSec && positionSec >= durationSec - 0.05) positionSec = 0;
      audio[active].currentTime = positionSec;
      // A quick change of versions interrupts the start of one, which is no trouble.
      audio[active].play().catch((error) => { if (error.name !== 'AbortError') failed(); });
    };
    const toggle = () => { if (audio[active].paused) start(); else { audio[active].pause(); showButton(); } };
    const choose = (index) => {
      if (index === active || !audio[index]) return;
      const isPlaying = !audio[active].paused;
      if (isPlaying) positionSec = audio[active].currentTime;
      audio[active].pause();
      trouble.textContent = '';
      active = index;
      all('.versions input', player)[index].checked = true;
      if (isPlaying) start(); else showButton();
    };
    button.addEventListener('click', toggle);
    if (equal) equal.addEventListener('change', level);
    all('.versions input', player).forEach((input, index) => input.addEventListener('change', () => choose(index)));
    audio.forEach((one, index) => {
      one.controls = false;
      one.addEventListener('error', () => { if (index === active) failed(); });
      for (const event of ['play', 'pause', 'ended']) one.addEventListener(event, showButton);
    });
    const follow = () => {
      if (!audio[active].paused) show(audio[active].currentTime);
      requestAnimationFrame(follow);
    };
    requestAnimationFrame(follow);
    document.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const isWidget = event.target.closest('input,button,summary,a,select,textarea');
      if (event.key === ' ' && !isWidget) { event.preventDefault(); toggle(); }
      else if (/^[a-z]$/i.test(event.key) && audio.length > 1) choose(event.key.toLowerCase().charCodeAt(0) - 97);
      else if (!isWidget && event.key === 'ArrowRight') { event.preventDefault(); seek(positionSec + 5); }
      else if (!isWidget && event.key === 'ArrowLeft') { event.preventDefault(); seek(positionSec - 5); }
    });
    level();
    showButton();
    show(0);
  }
})();
`;
