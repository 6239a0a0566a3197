import type { Output } from './output.ts';
import { width } from './width.ts';

/**
 * The terminal that cli-progress draws on, in place of its own: a frame is one write, so nothing flickers; frames that the terminal
 * does not take are left out; and it knows what stands on the screen, so that lines which a narrower window has folded are
 * still found and cleared. Cursor and line wrapping are never changed: there is nothing to restore, however the run paths.
 */
export class Screen {
  readonly #out: Output;
  /**
   * Widths of the lines that stand on the screen. The cursor waits at the beginning of the last: at its end, the `^C`
   * that a terminal shows for the key would fold the line.
   */
  #standing: number[] = [];
  #lines: string[] = [];
  #line = '';
  #above = '';

  constructor(out: Output) {
    this.#out = out;
  }

  get columns(): number {
    return this.#out.stream.columns || 80;
  }

  get rows(): number {
    return this.#out.stream.rows || 24;
  }

  /** Sends the frame that was drawn since the last `cursorRelativeReset`, without the empty lines at its end. */
  flush({ mustStand = false } = {}): void {
    const lines = [...this.#lines, this.#line];
    while (lines.length > 1 && lines.at(-1) === '') lines.pop();
    const frame = `${this.#home()}${this.#over(lines)}\r`;
    if (this.#above === '' && !mustStand) {
      if (!this.#out.offer(frame)) return;
    } else {
      this.#out.write(frame);
      this.#out.flush();
      this.#above = '';
    }
    this.#standing = lines.map(width);
  }

  /** Takes the frame off the screen. */
  clear(): void {
    this.#out.write(this.#home() + this.#erase());
    this.#forget();
  }

  /** What stands on the screen stays there, and whatever comes next is below. */
  leave(): void {
    if (this.#standing.length > 0) this.#out.write('\n');
    this.#forget();
  }

  #forget(): void {
    this.#standing = [];
    this.#lines = [];
    this.#line = '';
  }

  #home(): string {
    if (this.#standing.length === 0) return '';
    const above = this.#standing.slice(0, -1);
    const rows = above.reduce((sum, cells) => sum + Math.max(1, Math.ceil(cells / this.columns)), 0);
    return `\r${rows > 0 ? `\x1b[${rows}A` : ''}`;
  }

  #erase(): string {
    return this.#standing.length === 0 ? '' : '\x1b[J';
  }

  /**
   * The new frame over the old one. What is left of that is erased behind the first line and not before it: a whole screen
   * that is erased is kept by some terminals (tmux), one for each frame where the bar stands at the top.
   */
  #over(lines: readonly string[]): string {
    if (this.#above !== '') return `${this.#erase()}${this.#above}${lines.join('\n')}`;
    return [`${lines[0] ?? ''}${this.#erase()}`, ...lines.slice(1)].join('\n');
  }

  // What follows is what MultiBar calls.

  isTTY(): boolean {
    return true;
  }

  getWidth(): number {
    return this.columns;
  }

  cursorRelativeReset(): void {
    this.#lines = [];
    this.#line = '';
  }

  write(text: string, above = false): void {
    if (above) this.#above += text;
    else this.#line = text;
  }

  newline(): void {
    this.#lines.push(this.#line);
    this.#line = '';
  }

  cursor(): void {}
  cursorTo(): void {}
  lineWrapping(): void {}
  clearLine(): void {}
  clearRight(): void {}
  clearBottom(): void {}
}
