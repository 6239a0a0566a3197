import { MultiBar, type Options, type SingleBar } from 'cli-progress';
import type { CopyEvent, MachineReading, Reading, Summary } from '../api/events.ts';
import type { LastReading } from './last-reading.ts';
import { machineLines } from './machine-line.ts';
import type { Output } from './output.ts';
import { type Glyphs, overallLine, workerLine } from './progress-line.ts';
import { Screen } from './screen.ts';
import type { Print, Reporter } from './ui.ts';
import { truncateEnd } from './width.ts';

const FRAMES_PER_SECOND = 10;
/** The bar of a shorter run, in milliseconds, is cleared: the summary says the same. */
const SHORT_MS = 1_000;
/** Between two frames: the process may have been stopped. */
const STOPPED_MS = 500;

/** The bar of the whole run and a line for each machine, if there are several, and each worker, drawn in place on a terminal. */
export class BarReporter implements Reporter {
  readonly #last: LastReading;
  readonly #screen: Screen;
  readonly #out: Output;
  readonly #glyphs: Glyphs;
  readonly #multi: MultiBar;
  readonly #bars: SingleBar[] = [];
  #over = false;
  #drawnAt = performance.now();

  constructor(out: Output, glyphs: Glyphs, last: LastReading) {
    this.#out = out;
    this.#last = last;
    this.#glyphs = glyphs;
    this.#screen = new Screen(out);
    this.#multi = new MultiBar({
      terminal: this.#screen,
      fps: FRAMES_PER_SECOND,
      // A bar skips a line that has not changed, but a line written above the bars has just pushed it away.
      forceRedraw: true,
      format: (_options: Options, _params: unknown, payload: { line: string }) => payload.line,
    } as Options);
    this.#multi.on('update-pre', () => this.#refresh());
    this.#multi.on('update-post', () => this.#draw());
    // Shown before `start` already: the checks before it may read the whole tree.
    this.#bars.push(this.#multi.create(1, 0, { line: '' }));
    process.on('SIGCONT', this.#resumed);
  }

  onEvent(event: CopyEvent): void {
    if (event.type === 'end') this.#end(event.summary);
  }

  /** Writes a line above the bar; directly to the stream while there is none. */
  readonly print: Print = (line) => {
    if (this.#multi.isActive) this.#multi.log(`${line}\n`);
    else this.#out.write(`${line}\n`);
  };

  // After Ctrl-Z the shell has written below the frame, which the next one would erase.
  readonly #resumed = (): void => this.#screen.leave();

  // A frame that is due when the process goes on comes before the signal.
  #draw(): void {
    const before = this.#drawnAt;
    this.#drawnAt = performance.now();
    if (this.#drawnAt - before < STOPPED_MS) this.#screen.flush();
  }

  /** After a run without an `end` (an unexpected error): the last frame stays, the timer stops. */
  close(): void {
    if (this.#over) return;
    this.#stop();
    this.#screen.leave();
  }

  #end(summary: Summary): void {
    this.#stop();
    if (summary.outcome === 'refused' || summary.elapsedMs < SHORT_MS) this.#screen.clear();
    else this.#screen.leave();
  }

  #stop(): void {
    this.#over = true;
    process.off('SIGCONT', this.#resumed);
    if (!this.#multi.isActive) return;
    // `stop` alone would drop messages that wait for a frame.
    this.#multi.update();
    this.#multi.stop();
    this.#screen.flush({ mustStand: true });
  }

  /** Sets what the bars show; called by MultiBar before each frame. */
  #refresh(): void {
    const cells = this.#screen.columns - 1;
    const reading = this.#last.now();
    const lines = [overallLine(reading, cells, this.#glyphs), ...this.#linesBelow(reading, cells)];
    // Bars are never removed, since MultiBar would redraw in the middle of a frame; an empty one takes no space.
    while (this.#bars.length < lines.length) this.#bars.push(this.#multi.create(1, 0, { line: '' }));
    this.#bars.forEach((bar, i) => {
      bar.update({ line: lines[i] ?? '' });
    });
  }

  #linesBelow({ machines = [] }: Reading, cells: number): string[] {
    if (this.#over) return [];
    // The cursor cannot move above the top row, so a frame taller than the window could not be redrawn.
    const room = Math.max(0, this.#screen.rows - 2);
    const draw = (shown: readonly MachineReading[]) => machineLines(shown, cells, this.#glyphs);
    const above = fitting(machines, { room, isBusy: ({ working }) => working > 0, draw, what: 'machines' });
    if (above.length > 0 && above.length === room) return above.map((line) => truncateEnd(line, cells));
    const below = fitting(this.#last.workers(), {
      room: room - above.length,
      isBusy: ({ path }) => path !== '',
      draw: (workers) => workers.map((worker) => workerLine(worker, cells, this.#glyphs)),
      what: 'workers',
    });
    return [...above, ...below].map((line) => truncateEnd(line, cells));
  }
}

interface Fit<T> {
  /** Lines. */
  room: number;
  /** Those that are shown where there is no room for all. */
  isBusy: (one: T) => boolean;
  draw: (shown: readonly T[]) => string[];
  what: string;
}

function fitting<T>(all: readonly T[], { room, isBusy, draw, what }: Fit<T>): string[] {
  if (all.length <= room) return draw(all);
  const busy = all.filter(isBusy);
  const shown = (busy.length > 0 ? busy : all).slice(0, Math.max(0, room - 1));
  return [...draw(shown), `    and ${all.length - shown.length} more ${what}`];
}
