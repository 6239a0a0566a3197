import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import type { CopyEvent, Summary } from '../api/events.ts';
import { escapeControls, printable } from '../api/names.ts';
import { palette } from './colors.ts';
import type { DisplayPaths } from './display-paths.ts';
import { count } from './format.ts';
import { type Annotate, errorLine, reasonText } from './messages.ts';
import { summaryLines } from './summary.ts';
import type { Print, Reporter } from './ui.ts';

/** GitHub shows ten annotations of a level per step and drops the rest. */
const ANNOTATIONS = 10;
/** Failures that the step summary lists; GitHub refuses a summary above 1 MiB. */
const LISTED = 100;
const LISTED_BYTES = 256 << 10;

const NO_COLOR = palette(false);

/**
 * A workflow command, as documented under "Workflow commands for GitHub Actions": in the message `%`, CR and LF are
 * escaped, in a property `:` and `,` too (actions/toolkit, packages/core/src/command.ts).
 */
export function annotation(level: 'error' | 'warning', title: string, message: string): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return `::${level} title=${property(title)}::${data(message)}`;
}

/**
 * The older form of a command, `##[name]`, is recognised anywhere in a line (actions/runner, ActionCommand.TryParse), even in a
 * file name. The escape is valid in JSON too, where a `##` can only be part of a string.
 */
export function withoutCommands(text: string): string {
  return text.replaceAll('##[', '#\\u0023[');
}

/** The same for standard output, where a typed path may begin like a command. */
export function withoutAnyCommands(text: string): string {
  return withoutCommands(text).replace(/^([ \t]*):(?=:)/gm, '$1\\u003a');
}

/** Lines as annotations, as long as GitHub shows them; in the log they replace the lines. */
export class Annotations implements Annotate {
  #errors = 0;
  #warnings = 0;

  /** The last one is reserved for the reason why the run ended. */
  failure(line: string): string | undefined {
    if (++this.#errors >= ANNOTATIONS) return undefined;
    return annotation('error', 'pcopy', line);
  }

  ending(line: string): string {
    return annotation('error', 'pcopy', line);
  }

  warning(line: string): string | undefined {
    if (++this.#warnings > ANNOTATIONS) return undefined;
    return annotation('warning', 'pcopy', line);
  }
}

/** The text for the step summary, in Markdown. */
export function stepSummary(summary: Summary, paths: DisplayPaths, limited = false): string {
  const lines = [
    `### pcopy ${code(printable(paths.source))} → ${code(printable(paths.destination))}`,
    '',
    ...summaryLines(summary, paths, NO_COLOR, limited).map((line) => `- ${code(line.trim().replace(/^pcopy: /, ''))}`),
  ];
  const reason = reasonText(summary);
  if (reason !== undefined) lines.push(`- ${code(reason)}`);
  const listed = listedFailures(summary, paths);
  if (listed.length > 0) {
    const failed = Math.max(summary.totals.failed, summary.failures.length + summary.moreFailures);
    lines.push(
      '',
      `<details><summary>${count(failed)} ${summary.dryRun ? 'would fail' : 'failed'}</summary>`,
      '',
      ...listed,
    );
    if (failed > listed.length) lines.push(`- and ${count(failed - listed.length)} more`);
    lines.push('', '</details>');
  }
  return `${lines.join('\n')}\n\n`;
}

/** The same for a command that ended before there was a summary. */
export function failedSummary(message: string): string {
  return `### pcopy\n\n- ${code(escapeControls(message))}\n\n`;
}

/** Markdown is interpreted inside HTML tags too. */
function code(text: string): string {
  return `<code>${text.replace(/[&<>|*_`~[\]\\]/g, (c) => `&#${c.charCodeAt(0)};`)}</code>`;
}

function listedFailures(summary: Summary, paths: DisplayPaths): string[] {
  const lines: string[] = [];
  let room = LISTED_BYTES;
  for (const failure of summary.failures.slice(0, LISTED)) {
    const line = `- ${code(errorLine(failure, paths, NO_COLOR).replace(/^pcopy: /, ''))}`;
    room -= Buffer.byteLength(line);
    if (room < 0) break;
    lines.push(line);
  }
  return lines;
}

/** Writes the step summary, when there is a file for it. */
export function stepSummaryWriter(
  print: Print,
  paths: DisplayPaths,
  file: string | undefined,
  limited = false,
): Reporter {
  const onEvent = (event: CopyEvent): void => {
    if (event.type === 'end') appendSummary(file, stepSummary(event.summary, paths, limited), print);
  };
  return { onEvent };
}

export function appendSummary(file: string | undefined, text: string, print: Print): void {
  if (!file) return;
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = constants;
  try {
    // Opening a FIFO without a reader would block.
    const fd = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o666);
    try {
      writeFileSync(fd, text);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    // The result of the run does not depend on this page.
    print(`pcopy: step summary: ${escapeControls((error as Error).message)}`);
  }
}
