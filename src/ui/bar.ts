import { MultiBar, type Options, type SingleBar } from 'cli-progress';
import type { CopyEvent, Summary, WorkerView } from '../api/events.ts';
import type { LastReading } from './last-reading.ts';
import type { Output } from './output.ts';
import { type Glyphs, overallLine, workerLine } from './progress-line.ts';
import { Screen } from './screen.ts';
import type { Reporter, Say } from './ui.ts';

const FRAMES_PER_SECOND = 10;
/** The bar of a run that was shorter, in milliseconds, says no more than the summary and is not left standing. */
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
    // Before the run says `start` it looks at the whole tree, which is nothing to be silent about.
    this.#bars.push(this.#multi.create(1, 0, { line: '' }));
  }

  onEvent(event: CopyEvent): void {
    switch (event.type) {
      case 'end':
        this.#end(event.summary);
        return;
      case 'start':
      case 'scan':
      case 'progress':
      case 'file':
      case 'error':
      case 'skip':
      case 'warn':
        return;
    }
  }

  /** A line above the bar; straight to the stream while there is none. */
  readonly say: Say = (line) => {
    if (this.#multi.isActive) this.#multi.log(`${line}\n`);
    else this.#out.write(`${line}\n`);
  };

  /** The run ended without a word (an error nobody expected): what stands there stays, the timer must not. */
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
    // `stop` alone would forget the messages that wait for a frame.
    this.#multi.update();
    this.#multi.stop();
    this.#screen.flush({ mustStand: true });
  }

  /** Sets what the bars show; called by MultiBar before each frame. */
  #refresh(): void {
    const cells = this.#screen.columns - 1;
    const reading = this.#last.now();
    const lines = [overallLine(reading, cells, this.#glyphs), ...this.#workerLines(cells)];
    // Bars are never removed, MultiBar would redraw in the middle of a frame: an empty one takes no room on the screen.
    while (this.#bars.length < lines.length) this.#bars.push(this.#multi.create(1, 0, { line: '' }));
    this.#bars.forEach((bar, i) => {
      bar.update({ line: lines[i] ?? '' });
    });
  }

  #workerLines(cells: number): string[] {
    if (this.#over) return [];
    const workers = this.#last.workers();
    // A frame taller than the window could not be found again: the cursor does not move above the top row.
    const room = Math.max(0, this.#screen.rows - 2);
    const line = (worker: WorkerView) => workerLine(worker, cells, this.#glyphs);
    if (workers.length <= room) return workers.map(line);
    const busy = workers.filter((worker) => worker.path !== '');
    const shown = (busy.length > 0 ? busy : workers).slice(0, Math.max(0, room - 1)).map(line);
    return [...shown, `    and ${workers.length - shown.length} more workers`.slice(0, cells)];
  }
}
