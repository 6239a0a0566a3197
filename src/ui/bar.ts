import { MultiBar, type Options, type SingleBar } from 'cli-progress';
import type { CopyEvent, Summary, WorkerView } from '../api/events.ts';
import type { LastReading } from './last-reading.ts';
import type { Output } from './output.ts';
import { type Glyphs, overallLine, workerLine } from './progress-line.ts';
import { Screen } from './screen.ts';
import type { Print, Reporter } from './ui.ts';

const FRAMES_PER_SECOND = 10;
/** The bar of a shorter run, in milliseconds, is cleared: the summary says the same. */
const SHORT_MS = 1_000;

/** The bar of the whole run and a line for each worker, drawn in place on a terminal. */
export class BarReporter implements Reporter {
  readonly #last: LastReading;
  readonly #screen: Screen;
  readonly #out: Output;
  readonly #glyphs: Glyphs;
  readonly #multi: MultiBar;
  readonly #bars: SingleBar[] = [];
  #over = false;

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
    this.#multi.on('update-post', () => this.#screen.flush());
    // Shown before `start` already: the checks before it may read the whole tree.
    this.#bars.push(this.#multi.create(1, 0, { line: '' }));
  }

  onEvent(event: CopyEvent): void {
    if (event.type === 'end') this.#end(event.summary);
  }

  /** Writes a line above the bar; directly to the stream while there is none. */
  readonly print: Print = (line) => {
    if (this.#multi.isActive) this.#multi.log(`${line}\n`);
    else this.#out.write(`${line}\n`);
  };

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
    const lines = [overallLine(reading, cells, this.#glyphs), ...this.#workerLines(cells)];
    // Bars are never removed, since MultiBar would redraw in the middle of a frame; an empty one takes no space.
    while (this.#bars.length < lines.length) this.#bars.push(this.#multi.create(1, 0, { line: '' }));
    this.#bars.forEach((bar, i) => {
      bar.update({ line: lines[i] ?? '' });
    });
  }

  #workerLines(cells: number): string[] {
    if (this.#over) return [];
    const workers = this.#last.workers();
    // The cursor cannot move above the top row, so a frame taller than the window could not be redrawn.
    const room = Math.max(0, this.#screen.rows - 2);
    const line = (worker: WorkerView) => workerLine(worker, cells, this.#glyphs);
    if (workers.length <= room) return workers.map(line);
    const busy = workers.filter((worker) => worker.path !== '');
    const shown = (busy.length > 0 ? busy : workers).slice(0, Math.max(0, room - 1)).map(line);
    return [...shown, `    and ${workers.length - shown.length} more workers`.slice(0, cells)];
  }
}
