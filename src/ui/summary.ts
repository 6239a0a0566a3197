import type { CopyEvent, Outcome, Summary } from '../api/events.ts';
import { escapeControls, printable } from '../api/names.ts';
import { advice } from './advice.ts';
import type { Palette } from './colors.ts';
import { entriesInWords, kindsInWords, restInWords } from './counts.ts';
import type { DisplayPaths } from './display-paths.ts';
import { bytes, count, duration, plural, rate } from './format.ts';
import { machineName } from './machine-line.ts';
import { errorLine } from './messages.ts';
import type { Print, Reporter } from './ui.ts';
import { fold } from './width.ts';

/** @param limited by --bwlimit: workers that wait for it count as busy, so their load means nothing */
export function summaryLines(summary: Summary, paths: DisplayPaths, paint: Palette, limited = false): string[] {
  if (summary.outcome === 'refused') return [`pcopy: ${paint.red('refused')}: nothing was written`];
  const { totals, elapsedMs, dryRun } = summary;
  const speed = elapsedMs > 0 && totals.bytes > 0 ? `, ${rate((totals.bytes * 1000) / elapsedMs)}` : '';
  const verb = dryRun ? 'would copy' : 'copied';
  const time = dryRun ? ` (checked in ${duration(elapsedMs)})` : ` in ${duration(elapsedMs)}${speed}`;
  const lines = [
    `pcopy: ${headOf(summary.outcome, dryRun, paint)}${verb} ${entriesInWords(totals)}; ` +
      `${bytes(totals.bytes)}${time}`,
  ];
  const rest = restInWords(totals, summary.skips, dryRun);
  if (rest !== '') lines.push(totals.failed > 0 ? paint.red(rest) : rest);
  const lost = kindsInWords(summary.notPreserved);
  if (lost !== '') lines.push(paint.yellow(`not preserved: ${escapeControls(lost)}`));
  // A single file is not a merge.
  if (summary.merged && !paths.isSingleFile) {
    lines.push(`${printable(paths.destination)} existed: ${dryRun ? 'would be merged into' : 'merged into it'}`);
  }
  if (!dryRun && (summary.outcome === 'interrupted' || summary.outcome === 'stopped')) {
    lines.push('run again with the same options and -u to copy the rest');
  }
  if (summary.machines !== undefined) lines.push(machinesInWords(summary.machines));
  // What it advises on is the -j of this machine alone.
  const isShared = summary.machines !== undefined;
  const hint = dryRun || limited || isShared ? undefined : advice(summary.load, elapsedMs);
  if (hint !== undefined) lines.push(paint.dim(hint));
  return lines.map((line, i) => (i === 0 ? line : `  ${line}`));
}

/** Repeats the failures, when there are more than a screen of them. */
export function failuresAgain(summary: Summary, paths: DisplayPaths, paint: Palette, rows: number): string[] {
  const { failures, moreFailures } = summary;
  // A terminal may not tell its height.
  if (failures.length + moreFailures < (rows || 24)) return [];
  const lines = failures.map((failure) => errorLine(failure, paths, paint));
  if (moreFailures > 0) lines.push(`pcopy: and ${plural(moreFailures, 'more failure')}, named above`);
  const all = failures.length + moreFailures;
  return [`pcopy: ${plural(all, 'entry', 'entries')} ${summary.dryRun ? 'would fail' : 'failed'}:`, ...lines];
}

/** Why a run without a failure is incomplete: with --strict, what was not preserved, which else only the summary says. */
function unnamedCause({ outcome, totals, notPreserved }: Summary, paint: Palette): string[] {
  if (outcome !== 'incomplete' || totals.failed > 0) return [];
  return [`${paint.red('pcopy:')} not preserved: ${escapeControls(kindsInWords(notPreserved))}`];
}

export interface SummaryOptions {
  print: Print;
  paths: DisplayPaths;
  paint: Palette;
  /** Height of the screen, or a default in a log. */
  rows: () => number;
  /** Repeat the failures, say what they do not tell of an incomplete run, and print nothing else. */
  quiet: boolean;
  limited: boolean;
  /** Width of the screen; undefined in a log, where lines are not folded. */
  columns?: () => number | undefined;
}

/** Prints the summary at the end of the run. */
export function summaryPrinter({ print, paths, paint, rows, quiet, limited, columns }: SummaryOptions): Reporter {
  const onEvent = (event: CopyEvent): void => {
    if (event.type !== 'end') return;
    for (const line of failuresAgain(event.summary, paths, paint, rows())) print(line);
    const cells = columns?.() || Number.POSITIVE_INFINITY;
    const lines = quiet
      ? unnamedCause(event.summary, paint)
      : summaryLines(event.summary, paths, paint, limited).flatMap((line) => fold(line, cells, '    '));
    for (const line of lines) print(line);
  };
  return { onEvent };
}

function machinesInWords(machines: Record<string, number>): string {
  const parts = Object.entries(machines).map(([name, entries]) => `${machineName(name)} ${count(entries)}`);
  return `entries by machine: ${parts.join(', ')}`;
}

function headOf(outcome: Outcome, dryRun: boolean, paint: Palette): string {
  return `${dryRun ? 'dry run: ' : ''}${outcome === 'complete' ? '' : `${paint.red(outcome)}: `}`;
}
