import type { Summary } from '../api/events.ts';
import type { RawPath } from '../api/names.ts';
import { colorWanted, palette } from './colors.ts';
import { DisplayPaths } from './display-paths.ts';
import { LastReading } from './last-reading.ts';
import { type Annotate, messagePrinter } from './messages.ts';
import type { Output } from './output.ts';
import { PlainReporter } from './plain.ts';
import { glyphsFor, logLine } from './progress-line.ts';
import { summaryPrinter } from './summary.ts';
import type { Print, Reporter } from './ui.ts';
import { entryPrinter } from './verbose.ts';

/** How a run is shown, with `auto` resolved. */
export interface View {
  progress: 'bar' | 'plain' | 'json' | 'none';
  quiet: boolean;
  /** A line for each entry on stdout, as text or JSON: `changes` for a dry run, `all` with -v. */
  lines: 'none' | 'changes' | 'all';
}

export interface UiOptions {
  view: View;
  stdout: Output;
  stderr: Output;
  env: NodeJS.ProcessEnv;
  /** As typed; null: several sources in different directories. */
  source: RawPath | null;
  destination: RawPath;
  version: string;
  dryRun: boolean;
  exitCodeOf: (summary: Summary) => number;
  /** With --bwlimit. */
  limited?: boolean;
  /** Under GitHub Actions. */
  annotate?: Annotate | undefined;
}

export interface Ui extends Required<Reporter> {
  /** Prints the progress in one line, in answer to a signal. */
  status(): void;
  /** A line on stderr, above the bar if there is one. */
  print: Print;
  /** The run ended without an `end` event. */
  endWithout(exitCode: number, message: string, code: string): void;
}

/** Combines the reporters that the options and the outputs call for. */
export async function openUi(options: UiOptions): Promise<Ui> {
  const { view, stderr, env, limited = false } = options;
  const paint = palette(colorWanted(env, stderr.isTerminal));
  const paths = new DisplayPaths(options.source, options.destination);
  const last = new LastReading();
  const main = await openMain(options, last);
  const print = main?.print ?? ((line: string) => stderr.write(`${line}\n`));
  const reporters: Reporter[] = [follow(last, paths)];
  if (main) reporters.push(main.reporter);
  if (view.lines !== 'none' && view.progress !== 'json') reporters.push(openLines(options, paths, print));
  reporters.push(messagePrinter(print, paths, paint, view.quiet, options.annotate));
  if (options.annotate) {
    const { stepSummaryWriter } = await import('./github.ts');
    reporters.push(stepSummaryWriter(print, paths, env.GITHUB_STEP_SUMMARY, limited));
  }
  const quiet = view.quiet || view.progress === 'json';
  const rows = () => stderr.stream.rows ?? 24;
  const columns = () => (stderr.isTerminal ? stderr.stream.columns : undefined);
  reporters.push(summaryPrinter({ print, paths, paint, quiet, limited, rows, columns }));
  return {
    onEvent: (event) => {
      for (const reporter of reporters) reporter.onEvent(event);
    },
    close: () => {
      for (const reporter of reporters) reporter.close?.();
    },
    print,
    status: () => print(`pcopy: ${logLine(last.now())}`),
    endWithout: main?.endWithout ?? (() => {}),
  };
}

interface MainUi {
  reporter: Reporter;
  print?: Print;
  endWithout?: Ui['endWithout'];
}

async function openMain(options: UiOptions, last: LastReading): Promise<MainUi | undefined> {
  const { stderr } = options;
  switch (options.view.progress) {
    case 'bar': {
      // Loading cli-progress takes time.
      const { BarReporter } = await import('./bar.ts');
      const reporter = new BarReporter(stderr, glyphsFor(options.env), last);
      return { reporter, print: reporter.print };
    }
    case 'plain': {
      return { reporter: new PlainReporter((line) => stderr.offer(`${line}\n`), last) };
    }
    case 'json': {
      const { JsonReporter } = await import('./json.ts');
      const reporter = new JsonReporter({ ...options, write: (text) => options.stdout.write(text) }, last);
      return { reporter, endWithout: (...why) => reporter.endWithout(...why) };
    }
    case 'none':
      return undefined;
  }
}

/** On a terminal that the bar shares, lines go above the bar; everywhere else stdout is a stream of its own. */
function openLines(options: UiOptions, paths: DisplayPaths, print: Print): Reporter {
  const shared = options.view.progress === 'bar' && options.stdout.isTerminal;
  const line: Print = shared ? print : (text) => options.stdout.write(`${text}\n`);
  return entryPrinter(line, paths, options.view.lines === 'all');
}

/** Updates the numbers for `status`, and the two paths of the run. */
function follow(last: LastReading, paths: DisplayPaths): Reporter {
  return {
    onEvent: (event) => {
      last.onEvent(event);
      if (event.type === 'start') paths.start(event);
    },
  };
}
