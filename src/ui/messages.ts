import type { Failure } from '../api/errors.ts';
import type { CopyEvent, Summary } from '../api/events.ts';
import { escapeControls, printable, type RawPath } from '../api/names.ts';
import { type Palette, palette } from './colors.ts';
import type { DisplayPaths } from './display-paths.ts';
import type { Print, Reporter } from './ui.ts';

const NO_COLOR = palette(false);

/** `pcopy: <path>: <what failed> (<CODE>)`. The path is the one on the side that failed, so that it can be looked at. */
export function errorLine(failure: Failure, paths: DisplayPaths, paint: Palette): string {
  const { side, path: raw } = failure;
  const path = printable(side === 'source' ? paths.atSource(raw) : paths.atDestination(raw));
  return `${paint.red('pcopy:')} ${path}: ${escapeControls(what(failure))} (${escapeControls(failure.code)})`;
}

/** What failed, in words: `read: input/output error`. */
export function what({ action, message }: Pick<Failure, 'action' | 'message'>): string {
  return action === '' ? message : `${action}: ${message}`;
}

/** Why a run was refused, with the path, or stopped, without it: the entry has been reported. */
export function reasonText({ outcome, reason }: Summary): string | undefined {
  if (reason === undefined) return undefined;
  const path = outcome === 'refused' && reason.path !== '' ? `${printable(reason.path)}: ` : '';
  return `${path}${escapeControls(reason.message)} (${escapeControls(reason.code)})`;
}

/**
 * Turns lines into annotations of a CI system, which are printed instead; undefined: the line itself is printed.
 */
export interface Annotate {
  /** An entry failed. */
  failure(line: string): string | undefined;
  /** The run did not begin, or does not go on. */
  ending(line: string): string | undefined;
  warning(line: string): string | undefined;
}

/** Prints failures at once, and unless quiet also skipped entries and warnings. */
export class Messages implements Reporter {
  readonly #print: Print;
  readonly #paths: DisplayPaths;
  readonly #paint: Palette;
  readonly #quiet: boolean;
  readonly #annotate: Annotate | undefined;

  constructor(print: Print, paths: DisplayPaths, paint: Palette, quiet: boolean, annotate?: Annotate) {
    this.#print = print;
    this.#paths = paths;
    this.#paint = paint;
    this.#quiet = quiet;
    this.#annotate = annotate;
  }

  onEvent(event: CopyEvent): void {
    switch (event.type) {
      case 'error':
        this.#printAs('failure', (paint) => errorLine(event.failure, this.#paths, paint));
        return;
      case 'skip':
        if (!this.#quiet) this.#print(this.#note(event.path, `skipped: ${event.reason}`, this.#paint));
        return;
      case 'warn':
        if (this.#quiet) return;
        this.#printAs('warning', (paint) => this.#note(event.path, `warning: ${event.message} (${event.code})`, paint));
        return;
      case 'end':
        this.#explain(event.summary);
    }
  }

  /** Not for an interrupted run: the user knows why. */
  #explain(summary: Summary): void {
    const text = summary.outcome === 'interrupted' ? undefined : reasonText(summary);
    if (text !== undefined) this.#printAs('ending', (paint) => `${paint.red('pcopy:')} ${text}`);
  }

  #printAs(kind: keyof Annotate, line: (paint: Palette) => string): void {
    this.#print(this.#annotate?.[kind](line(NO_COLOR)) ?? line(this.#paint));
  }

  #note(path: RawPath, text: string, paint: Palette): string {
    return `${paint.yellow('pcopy:')} ${printable(this.#paths.atSource(path))}: ${escapeControls(text)}`;
  }
}
