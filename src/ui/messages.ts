import type { Failure } from '../api/errors.ts';
import type { CopyEvent, Summary } from '../api/events.ts';
import { escapeControls, printable, type RawPath } from '../api/names.ts';
import { type Palette, palette } from './colors.ts';
import type { DisplayPaths } from './display-paths.ts';
import type { Reporter, Say } from './ui.ts';

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

/** Why a run was refused, which names a path of its own, or stopped, after an entry that has been named already. */
export function reasonText({ outcome, reason }: Summary): string | undefined {
  if (reason === undefined) return undefined;
  const path = outcome === 'refused' && reason.path !== '' ? `${printable(reason.path)}: ` : '';
  return `${path}${escapeControls(reason.message)} (${escapeControls(reason.code)})`;
}

/**
 * The form in which a CI system takes a line for more than text. It is said in place of the line; undefined: the line
 * itself is said.
 */
export interface Annotate {
  /** An entry failed. */
  failure(line: string): string | undefined;
  /** The run did not begin, or does not go on. */
  ending(line: string): string | undefined;
  warning(line: string): string | undefined;
}

/** Says failures at once, and unless quiet what is skipped and what is worth a warning. */
export class Messages implements Reporter {
  readonly #say: Say;
  readonly #paths: DisplayPaths;
  readonly #paint: Palette;
  readonly #quiet: boolean;
  readonly #annotate: Annotate | undefined;

  constructor(say: Say, paths: DisplayPaths, paint: Palette, quiet: boolean, annotate?: Annotate) {
    this.#say = say;
    this.#paths = paths;
    this.#paint = paint;
    this.#quiet = quiet;
    this.#annotate = annotate;
  }

  onEvent(event: CopyEvent): void {
    switch (event.type) {
      case 'error':
        this.#tell('failure', (paint) => errorLine(event.failure, this.#paths, paint));
        return;
      case 'skip':
        if (!this.#quiet) this.#say(this.#note(event.path, `skipped: ${event.reason}`, this.#paint));
        return;
      case 'warn':
        if (this.#quiet) return;
        this.#tell('warning', (paint) => this.#note(event.path, `warning: ${event.message} (${event.code})`, paint));
        return;
      case 'end':
        this.#explain(event.summary);
        return;
      case 'start':
      case 'scan':
      case 'progress':
      case 'file':
        return;
    }
  }

  /** A run that was interrupted needs no reason: whoever did it knows. */
  #explain(summary: Summary): void {
    const text = summary.outcome === 'interrupted' ? undefined : reasonText(summary);
    if (text !== undefined) this.#tell('ending', (paint) => `${paint.red('pcopy:')} ${text}`);
  }

  #tell(kind: keyof Annotate, line: (paint: Palette) => string): void {
    this.#say(this.#annotate?.[kind](line(NO_COLOR)) ?? line(this.#paint));
  }

  #note(path: RawPath, text: string, paint: Palette): string {
    return `${paint.yellow('pcopy:')} ${printable(this.#paths.atSource(path))}: ${escapeControls(text)}`;
  }
}
