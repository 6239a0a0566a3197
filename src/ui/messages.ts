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
export function messagePrinter(
  print: Print,
  paths: DisplayPaths,
  paint: Palette,
  quiet: boolean,
  annotate?: Annotate,
): Reporter {
  const printAs = (kind: keyof Annotate, line: (paint: Palette) => string): void =>
    print(annotate?.[kind](line(NO_COLOR)) ?? line(paint));
  const note = (path: RawPath, text: string, paint: Palette): string =>
    `${paint.yellow('pcopy:')} ${printable(paths.atSource(path))}: ${escapeControls(text)}`;
  const onEvent = (event: CopyEvent): void => {
    switch (event.type) {
      case 'error':
        return printAs('failure', (paint) => errorLine(event.failure, paths, paint));
      case 'skip':
        if (!quiet) print(note(event.path, `skipped: ${event.reason}`, paint));
        return;
      case 'warn':
        if (!quiet) printAs('warning', (paint) => note(event.path, `warning: ${event.message} (${event.code})`, paint));
        return;
      case 'end': {
        // Not for an interrupted run: the user knows why.
        const text = event.summary.outcome === 'interrupted' ? undefined : reasonText(event.summary);
        if (text !== undefined) printAs('ending', (paint) => `${paint.red('pcopy:')} ${text}`);
      }
    }
  };
  return { onEvent };
}
