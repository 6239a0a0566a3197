import type { Output } from './output.ts';
import { width } from './width.ts';

/**
 * Replaces cli-progress's own terminal: a frame is one write, without flicker; frames are skipped while the terminal does not
 * take them; and the lines on the screen are known, so that they can be cleared after a narrower window has wrapped them.
 * Cursor and line wrapping are not changed, so nothing has to be restored, however the run ends.
 */
export class Screen {
  readonly #out: Output;
  /**
   * Widths of the lines on the screen. The cursor rests at the beginning of the last line: at its end, the terminal's `^C`
   * would wrap the line.
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

  /** Writes the frame drawn since the last `cursorRelativeReset`, without trailing empty lines. */
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

  /** Clears the frame. */
  clear(): void {
    this.#out.write(this.#home() + this.#erase());
    this.#forget();
  }

  /** Leaves the frame on the screen; further output goes below it. */
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
   * Draws the new frame over the old one. The rest of the old one is erased after the first line, not before it: some terminals
   * (tmux) save a completely erased screen to the history, once per frame when the bar is at the top.
   */
  #over(lines: readonly string[]): string {
    if (this.#above !== '') return `${this.#erase()}${this.#above}${lines.join('\n')}`;
    return [`${lines[0] ?? ''}${this.#erase()}`, ...lines.slice(1)].join('\n');
  }

  // The methods below are called by MultiBar.

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
