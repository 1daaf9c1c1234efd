// Tells on stderr how far a run is: a spinner with the time left on a terminal, plain lines when piped, JSON lines on
// request, nothing with --quiet.
import type { Ora } from 'ora';
import { ForgeError } from '../errors.js';
import type { BatchItem } from '../pipeline/batch.js';
import type { TrackProgress } from '../pipeline/run.js';

export type ProgressMode = 'auto' | 'plain' | 'json' | 'none';

/** Receives a run's events. */
export interface ProgressDisplay {
  onProgress(progress: TrackProgress): void;
  onDone(item: BatchItem, track: string): void;
  /** A line that stays. */
  say(line: string): void;
  stop(): void;
}

const PLAIN_EVERY_MS = 10_000;
const JSON_EVERY_MS = 500;

/** The display for `--progress MODE` and `--quiet`. @throws ForgeError usage/bad-option */
export async function createProgress(
  mode: string,
  isQuiet: boolean,
  trackCount: number,
): Promise<ProgressDisplay> {
  if (!['auto', 'plain', 'json', 'none'].includes(mode)) {
    throw new ForgeError(
      'usage/bad-option',
      `expected auto, plain, json or none for --progress, got "${mode}"`,
    );
  }
  if (isQuiet || mode === 'none') return new SilentProgress();
  if (mode === 'json') return new JsonProgress();
  if (mode === 'auto' && process.stderr.isTTY) {
    // The spinner takes longer to load than a short file to measure: only where it is seen.
    const { default: ora } = await import('ora');
    return new TerminalProgress(ora({ stream: process.stderr, discardStdin: false }), trackCount);
  }
  return new PlainProgress();
}

/** No progress; what failed is told all the same. */
class SilentProgress implements ProgressDisplay {
  onProgress(): void {}

  onDone(item: BatchItem, track: string): void {
    if (item.status === 'failed') this.say(doneLine(item, track));
  }

  say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  stop(): void {}
}

/** Estimates the time left of what runs now from how long it ran. */
class Clock {
  readonly #startedMs = new Map<string, number>();

  /** Seconds left, or undefined while it is too early to say. */
  secondsLeft(progress: TrackProgress): number | undefined {
    const key = labelOf(progress);
    const now = performance.now();
    const started = this.#startedMs.get(key);
    if (started === undefined) this.#startedMs.set(key, now);
    const elapsedSec = (now - (started ?? now)) / 1000;
    if (elapsedSec < 1 || progress.fraction < 0.02) return undefined;
    return (elapsedSec / progress.fraction) * (1 - progress.fraction);
  }
}

class TerminalProgress implements ProgressDisplay {
  readonly #spinner: Ora;
  readonly #clock = new Clock();
  #done = 0;

  constructor(
    spinner: Ora,
    readonly trackCount: number,
  ) {
    this.#spinner = spinner.start();
  }

  onProgress(progress: TrackProgress): void {
    const left = this.#clock.secondsLeft(progress);
    const time = left === undefined ? '' : `  ${clockTime(left)} left`;
    const count = this.trackCount > 1 ? `[${this.#done + 1}/${this.trackCount}] ` : '';
    this.#spinner.text = `${count}${progress.track}  ${stepOf(progress)}  ${bar(progress.fraction)}${time}`;
  }

  onDone(item: BatchItem, track: string): void {
    this.#done++;
    const line = doneLine(item, track);
    if (item.status === 'ok') this.#spinner.succeed(line);
    else this.#spinner.fail(line);
    if (this.#done < this.trackCount) this.#spinner.start();
  }

  say(line: string): void {
    const wasSpinning = this.#spinner.isSpinning;
    this.#spinner.stop();
    process.stderr.write(`${line}\n`);
    if (wasSpinning) this.#spinner.start();
  }

  stop(): void {
    this.#spinner.stop();
  }
}

/** Lets a new step of a track through at once, and the same step again after a while. */
class Throttle {
  readonly #last = new Map<string, { step: string; atMs: number }>();

  constructor(readonly everyMs: number) {}

  isDue(progress: TrackProgress): boolean {
    const step = labelOf(progress);
    const last = this.#last.get(progress.track);
    const now = performance.now();
    if (last?.step === step && now - last.atMs < this.everyMs) return false;
    this.#last.set(progress.track, { step, atMs: now });
    return true;
  }
}

class PlainProgress implements ProgressDisplay {
  readonly #clock = new Clock();
  readonly #throttle = new Throttle(PLAIN_EVERY_MS);

  onProgress(progress: TrackProgress): void {
    const left = this.#clock.secondsLeft(progress);
    if (!this.#throttle.isDue(progress)) return;
    const time = left === undefined ? '' : `, ${clockTime(left)} left`;
    process.stderr.write(`${progress.track}: ${stepOf(progress)} ${percent(progress.fraction)}${time}\n`);
  }

  onDone(item: BatchItem, track: string): void {
    process.stderr.write(`${doneLine(item, track)}\n`);
  }

  say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  stop(): void {}
}

class JsonProgress implements ProgressDisplay {
  readonly #clock = new Clock();
  readonly #throttle = new Throttle(JSON_EVERY_MS);

  onProgress(progress: TrackProgress): void {
    const secondsLeft = this.#clock.secondsLeft(progress);
    if (!this.#throttle.isDue(progress)) return;
    this.#write({ event: 'progress', ...progress, ...(secondsLeft === undefined ? {} : { secondsLeft }) });
  }

  onDone(item: BatchItem, track: string): void {
    const error = item.status === 'failed' ? { error: item.error.toJSON() } : {};
    this.#write({ event: 'done', track, path: item.path, status: item.status, ...error });
  }

  say(line: string): void {
    this.#write({ event: 'note', message: line });
  }

  stop(): void {}

  #write(event: object): void {
    process.stderr.write(`${JSON.stringify(event)}\n`);
  }
}

function labelOf(progress: TrackProgress): string {
  return `${progress.track}/${progress.step}/${progress.passId ?? ''}`;
}

function stepOf(progress: TrackProgress): string {
  const pass = progress.passId === undefined ? '' : ` (${progress.passId})`;
  return `${progress.stepIndex + 1}/${progress.stepCount} ${progress.step}${pass}`;
}

function doneLine(item: BatchItem, track: string): string {
  if (item.status === 'failed') {
    const hint = item.error.hint === undefined ? '' : `\n  ${item.error.hint}`;
    return `${track}: failed: ${item.error.message} [${item.error.code}]${hint}`;
  }
  const seconds = item.result.stages.reduce((sum, stage) => sum + stage.wallMs, 0) / 1000;
  const missed = item.result.stages.find((stage) => stage.missed !== undefined)?.missed;
  return missed === undefined
    ? `${track}: done in ${seconds.toFixed(1)} s`
    : `${track}: missed: ${missed.message}`;
}

function percent(fraction: number): string {
  return `${Math.floor(100 * fraction)} %`;
}

function bar(fraction: number): string {
  const width = 20;
  const full = Math.round(width * Math.min(1, fraction));
  return `${'━'.repeat(full)}${'─'.repeat(width - full)} ${percent(fraction)}`;
}

function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${String(whole % 60).padStart(2, '0')}`;
}
