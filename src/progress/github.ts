import { appendFileSync } from 'node:fs';
import type { CopyEvent, Summary } from '../events.ts';
import { printable } from '../names.ts';
import { palette } from './colors.ts';
import type { Ends } from './ends.ts';
import { errorLine, reasonText } from './messages.ts';
import type { Reporter, Say } from './reporter.ts';
import { summaryLines } from './summary.ts';

/** GitHub shows ten annotations of a kind for one step and drops the others. */
const ANNOTATIONS = 10;
/** Failures listed in the step summary; GitHub refuses one above 1 MiB. */
const LISTED = 100;

const NO_COLOR = palette(false);

/**
 * A workflow command, as documented under "Workflow commands for GitHub Actions": in the message `%`, CR and LF are
 * escaped, in a property `:` and `,` too (actions/toolkit, packages/core/src/command.ts).
 */
export function annotation(title: string, message: string): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return `::error title=${property(title)}::${data(message)}`;
}

/** What is appended to the step summary, in Markdown. */
export function stepSummary(summary: Summary, ends: Ends): string {
  // Markdown is read inside HTML tags too.
  const code = (text: string) => `<code>${text.replace(/[&<>|*_`~[\]\\]/g, (c) => `&#${c.charCodeAt(0)};`)}</code>`;
  const lines = [
    `### pcopy ${code(printable(ends.source))} → ${code(printable(ends.destination))}`,
    '',
    ...summaryLines(summary, ends, NO_COLOR).map((line) => `- ${code(line.trim().replace(/^pcopy: /, ''))}`),
  ];
  const reason = reasonText(summary);
  if (reason !== undefined) lines.push(`- ${code(reason)}`);
  const listed = summary.failures.slice(0, LISTED);
  if (listed.length > 0) {
    const failed = Math.max(summary.totals.failed, summary.failures.length + summary.moreFailures);
    lines.push('', `<details><summary>${failed} ${summary.dryRun ? 'would fail' : 'failed'}</summary>`, '');
    lines.push(...listed.map((failure) => `- ${code(errorLine(failure, ends, NO_COLOR).replace(/^pcopy: /, ''))}`));
    if (failed > listed.length) lines.push(`- and ${failed - listed.length} more`);
    lines.push('', '</details>');
  }
  return `${lines.join('\n')}\n\n`;
}

/** Under GitHub Actions: failures as annotations, the summary on the page of the run. */
export class GithubReporter implements Reporter {
  readonly #say: Say;
  readonly #ends: Ends;
  readonly #summaryFile: string | undefined;
  #annotations = 0;

  constructor(say: Say, ends: Ends, summaryFile: string | undefined) {
    this.#say = say;
    this.#ends = ends;
    this.#summaryFile = summaryFile;
  }

  onEvent(event: CopyEvent): void {
    if (event.type === 'error') this.#annotate(errorLine(event.failure, this.#ends, NO_COLOR));
    if (event.type !== 'end') return;
    const reason = reasonText(event.summary);
    if (reason !== undefined) this.#annotate(reason);
    if (this.#summaryFile) this.#append(this.#summaryFile, stepSummary(event.summary, this.#ends));
  }

  #annotate(message: string): void {
    if (this.#annotations++ >= ANNOTATIONS) return;
    this.#say(annotation('pcopy', message.replace(/^pcopy: /, '')));
  }

  #append(file: string, text: string): void {
    try {
      appendFileSync(file, text);
    } catch (error) {
      // The page is a courtesy; what the run did does not depend on it.
      this.#say(`pcopy: step summary: ${(error as Error).message}`);
    }
  }
}
