import { RefusedError, UsageError } from '../api/errors.ts';
import type { CopyEvent, StartEvent, Summary } from '../api/events.ts';
import { escapeControls, type RawPath, toBytes } from '../api/names.ts';
import type { CopyOptions } from '../api/options.ts';
import { version } from '../api/version.ts';
import { sharedParent } from '../ui/display-paths.ts';
import type { Annotations } from '../ui/github.ts';
import { openUi, type Ui } from '../ui/open.ts';
import { Output, type OutputStream } from '../ui/output.ts';
import { type EndingSignal, exitCodeOf, exitCodeOfError, SIGNAL_CODES, withOutput } from './exit-codes.ts';
import { readLists, type Stdin } from './lists.ts';
import { type Parsed, toCopy, useBroker } from './parsed.ts';
import { plainArguments } from './plain-arguments.ts';
import { rawArguments } from './raw-argv.ts';
import { reasonOf } from './reason.ts';
import { resolveView, toCopyOptions } from './resolve.ts';
import { type Signals, watchSignals } from './signals.ts';

/** The engine, as `copyTree` in src/run/copy-tree.ts. */
export type CopyTree = (
  source: Uint8Array | readonly Uint8Array[],
  destination: Uint8Array,
  options: CopyOptions,
  control: {
    /** A promise delays the next event, while the output is not read fast enough. */
    onEvent: (event: CopyEvent) => void | Promise<void>;
    signal: AbortSignal;
    /** Names of patterns in messages that are not on the command line. */
    origins: ReadonlyMap<string, string>;
  },
) => Promise<Summary>;

/** The parts of `process` that a run needs. */
export interface Io {
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  stdin: Stdin;
  stdout: OutputStream;
  stderr: OutputStream;
  signals: NodeJS.EventEmitter;
  /** Ends the process now. */
  exit(code: number): void;
}

/** How long an interrupted run waits for its output to be read, in milliseconds. */
const LAST_WORDS_MS = 1_000;
/** The longest delay of a timer. */
const ALIVE_MS = 2 ** 31 - 1;

/** Runs one command line and resolves to the exit code, when all output has been written or dropped. */
export async function run(io: Io, loadEngine: () => Promise<CopyTree>): Promise<number> {
  // Neither promises nor unreferenced children keep Node alive.
  const alive = setInterval(() => {}, ALIVE_MS);
  const session = new Session(io, await loadOutputs(io));
  const code = await session.main(loadEngine).catch((error: unknown) => session.fail(error));
  return session.finish(code).finally(() => clearInterval(alive));
}

/** Forms of output that only some runs have. They are loaded at the start: later there may be no file descriptor for it. */
interface Outputs {
  /** Under GitHub Actions. */
  github?: typeof import('../ui/github.ts');
  json?: typeof import('../ui/json.ts');
}

async function loadOutputs({ argv, env }: Io): Promise<Outputs> {
  return {
    ...(env.GITHUB_ACTIONS === 'true' ? { github: await import('../ui/github.ts') } : {}),
    ...(wantsJson(argv) ? { json: await import('../ui/json.ts') } : {}),
  };
}

function wantsJson(args: readonly string[]): boolean {
  return /(^|\0)--progress[=\0]json(\0|$)/.test(args.join('\0'));
}

class Session {
  readonly #io: Io;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #args: RawPath[];
  readonly #outputs: Outputs;
  readonly #annotations: Annotations | undefined;
  #ui: Ui | undefined;
  #signals: Signals | undefined;

  constructor(io: Io, outputs: Outputs) {
    const { github } = outputs;
    this.#io = io;
    this.#outputs = outputs;
    if (github) this.#annotations = new github.Annotations();
    this.#stdout = new Output(io.stdout, github?.withoutAnyCommands);
    this.#stderr = new Output(io.stderr, github?.withoutCommands);
    this.#args = rawArguments(io.argv);
  }

  async main(loadEngine: () => Promise<CopyTree>): Promise<number> {
    const parsed = await this.#parse();
    if (parsed.kind === 'print') {
      this.#stdout.write(parsed.text);
      return 0;
    }
    return this.#copy(parsed, loadEngine);
  }

  // What most command lines do without is loaded only for the others.
  async #parse(): Promise<Parsed> {
    const args = this.#args;
    if (args[0] === 'completion') {
      const text = (await import('./completion.ts')).completionScript(args);
      if (text !== undefined) return { kind: 'print', text };
    }
    const plain = plainArguments(args);
    if (plain !== null) return toCopy(plain);
    return (await import('./command.ts')).parseCommandLine(args, version, this.#io.stdout.columns);
  }

  /** The run ended by an exception: bad usage, or an unexpected error. */
  fail(error: unknown): number {
    const code = exitCodeOfError(error);
    const message = error instanceof Error ? error.message : String(error);
    this.#endWithout(
      code,
      message,
      error instanceof UsageError || error instanceof RefusedError ? error.code : 'EPCOPY_UNEXPECTED',
    );
    this.#ui?.close();
    if (error instanceof UsageError) {
      this.#printEnding(`pcopy: ${escapeControls(message)}`);
      this.#stderr.write("Try 'pcopy --help'.\n");
    } else if (error instanceof RefusedError) {
      this.#printEnding(`pcopy: ${escapeControls(message)} (${error.code})`);
    } else {
      const stack = (error instanceof Error && error.stack) || message;
      this.#printEnding(
        `pcopy: unexpected error, please report it\n${stack.split('\n').map(escapeControls).join('\n')}`,
      );
    }
    const { github } = this.#outputs;
    github?.appendSummary(this.#io.env.GITHUB_STEP_SUMMARY, github.failedSummary(message), this.#print);
    return code;
  }

  /** Waits until stdout and stderr have been read; after an interruption only for a limited time. */
  async finish(code: number): Promise<number> {
    this.#signals?.ended();
    const received = this.#signals?.received;
    let isCutOff = false;
    const enough = new Promise<void>((resolve) => {
      const cutOff = (): void => {
        isCutOff = true;
        resolve();
      };
      if (received !== undefined) setTimeout(cutOff, LAST_WORDS_MS).unref();
    });
    await Promise.race([this.#stdout.drained(), enough]);
    const { lost } = this.#stdout;
    if (lost) {
      this.#printEnding(`pcopy: standard output: ${whyLost(lost)} (${lost.code}); not all of it was written`);
    }
    await Promise.race([this.#stderr.drained(), enough]);
    // The signal came after the copy, before all output was written; on a terminal that the bar shares, lines go to stderr.
    if (received !== undefined && isCutOff) return SIGNAL_CODES[received];
    return withOutput(code, lost !== undefined);
  }

  async #copy({ source, destination, raw }: Extract<Parsed, { kind: 'copy' }>, loadEngine: () => Promise<CopyTree>) {
    const { env, stdin } = this.#io;
    if (env.PCOPY_BROKER) useBroker(raw, env.PCOPY_BROKER);
    const view = resolveView(raw, { stderrIsTerminal: this.#stderr.isTerminal, env });
    const lists = await readLists(raw, stdin);
    const options = toCopyOptions(raw, lists, view);
    const abort = new AbortController();
    const signals = this.#watch(abort, view.quiet);
    const exitCodeOfRun = (summary: Summary) =>
      withOutput(exitCodeOf(summary.outcome, signals.received), this.#stdout.lost !== undefined);
    const opening = openUi({
      view,
      stdout: this.#stdout,
      stderr: this.#stderr,
      env,
      source: typeof source === 'string' ? source : sharedParent(source),
      destination,
      version: version(),
      dryRun: raw.dryRun === true,
      exitCodeOf: exitCodeOfRun,
      limited: raw.bwlimit !== undefined,
      annotate: this.#annotations,
    }).then((ui) => {
      this.#ui = ui;
      return ui;
    });
    const [ui, copyTree] = await Promise.all([opening, loadEngine()]);
    const notes = (start: StartEvent) => lists.notes?.(start, raw.delete === true) ?? [];
    const onEvent = this.#backpressure(ui, notes, abort.signal);
    const summary = await copyTree(
      typeof source === 'string' ? toBytes(source) : source.map(toBytes),
      toBytes(destination),
      options,
      { onEvent, signal: abort.signal, origins: lists.origins },
    );
    ui.close();
    return exitCodeOfRun(summary);
  }

  #print = (line: string) => this.#stderr.write(`${line}\n`);

  #printEnding(text: string): void {
    this.#print(this.#annotations?.ending(text) ?? text);
  }

  #watch(abort: AbortController, quiet: boolean): Signals {
    const handlers = {
      stop: (signal: EndingSignal) => {
        if (!quiet) this.#ui?.print(`pcopy: ${signal}: ending; once more to end at once`);
        abort.abort(signal);
      },
      leave: (code: number) => {
        this.#ui?.close();
        this.#stderr.flush();
        this.#io.exit(code);
      },
      status: () => this.#ui?.status(),
    };
    const signals = watchSignals(handlers, this.#io.signals);
    this.#signals = signals;
    return signals;
  }

  /** Passes an event to the UI, and returns a promise while its output is not read; a run that is ending waits no more. */
  #backpressure(
    ui: Ui,
    notes: (start: StartEvent) => CopyEvent[],
    signal: AbortSignal,
  ): (event: CopyEvent) => void | Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return (event) => {
      ui.onEvent(event);
      if (event.type === 'start') for (const note of notes(event)) ui.onEvent(note);
      const pauses = [this.#stdout.ready(), this.#stderr.ready()].filter((pause) => pause !== undefined);
      return pauses.length > 0 ? Promise.race([Promise.all(pauses).then(() => {}), aborted]) : undefined;
    };
  }

  /** JSON output always has an `end`, however early the run failed. */
  #endWithout(code: number, message: string, errorCode: string): void {
    this.#ui?.endWithout(code, message, errorCode);
    const { json } = this.#outputs;
    if (this.#ui || !json) return;
    const write = (text: string) => this.#stdout.write(text);
    const dryRun = this.#args.includes('--dry-run');
    const nowhere = { source: '', destination: '', version: '', dryRun, exitCodeOf: () => code };
    new json.JsonReporter({ write, ...nowhere }).endWithout(code, message, errorCode);
  }
}

function whyLost(error: NodeJS.ErrnoException): string {
  return error.code === 'EPIPE' ? 'its reader is gone' : reasonOf(error);
}
