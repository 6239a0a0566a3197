import { closeSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { isWorkerCommand, looksLikeCopy } from './cli/sniff-args.ts';
import { exitAtOnce } from './fs/exit-at-once.ts';
import { NonBlockingStream, reopenNonBlocking } from './fs/non-blocking-stream.ts';
import { detachOutput } from './process/detach-output.ts';
import type { PrestartedWorker } from './process/prestart.ts';
import { type EarlyStart, startEarly } from './process/spawn.ts';
import { workerProcess } from './schedule/worker-process.ts';

// Must run before the pool's first use. Slow storage needs 16 threads for read-ahead and 2 × 16 for -u lookups (scan/source-tree.ts,
// scan/unchanged.ts).
process.env.UV_THREADPOOL_SIZE ??= '48';

const TOO_FEW_FILES = 'cannot start: too many open files; ulimit -n 64 is enough';

const terminals = [0, 1, 2].filter((fd) => isatty(fd));

// A worker takes as long to start as it takes to load everything else, so the two overlap.
const isHelper = isWorkerCommand(process.argv.slice(2));
const first = !isHelper && looksLikeCopy(process.argv.slice(2)) ? startEarly(workerProcess()) : null;

// In CommonJS nothing is awaited at the top.
async function main(): Promise<void> {
  await import('./worker/compiler.ts').catch(printAndExit);
  if (isHelper) return leave(await helpOthers());
  const early = first === null ? [] : [await takeOver(first).catch(printAndExit)];
  const { run } = await import('./cli/run.ts').catch(printAndExit);
  const code = await run(
    {
      argv: process.argv,
      env: process.env,
      stdin: () => process.stdin,
      stdout: standardStream(1, () => process.stdout),
      stderr: standardStream(2, () => process.stderr),
      signals: process,
      exit: leave,
    },
    async () => {
      const { copyTree } = await import('./run/copy-tree.ts').catch(async (error: unknown) => {
        const { RefusedError } = await import('./api/errors.ts');
        throw isTooFewFiles(error) ? new RefusedError('', TOO_FEW_FILES, 'EMFILE', { cause: error }) : error;
      });
      return (source, destination, options, hooks) => copyTree(source, destination, options, { ...hooks, early });
    },
  );
  // Nothing is left to do: what is still open (a channel, a timer of a library) must not delay the end.
  leave(code);
}

async function takeOver(worker: EarlyStart): Promise<PrestartedWorker> {
  const { PrestartedWorker } = await import('./process/prestart.ts');
  return new PrestartedWorker({}, worker);
}

async function helpOthers(): Promise<number> {
  const [{ runWorkerCommand }, { rawArguments }] = await Promise.all([
    import('./cli/worker-command.ts'),
    import('./cli/raw-argv.ts'),
  ]);
  return runWorkerCommand(rawArguments(process.argv), async () => (await import('./broker/helper.ts')).help);
}

/** Node's own streams can wait for their reader: they are for what cannot be opened again, such as a socket. */
function standardStream(fd: 1 | 2, nodeStream: () => NodeJS.WriteStream): NonBlockingStream | NodeJS.WriteStream {
  const own = reopenNonBlocking(fd);
  if (own === null) return nodeStream();
  return new NonBlockingStream(own, terminals.includes(fd) ? nodeStream() : undefined);
}

/** Node restores the settings of a terminal on its way out, and aborts when the terminal was closed meanwhile. */
function leave(code: number): never {
  for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  detachOutput();
  process.once('exit', exitAtOnce);
  process.exit(code);
}

// The limit on open files can be too low to read the program itself.
function isTooFewFiles(error: unknown): boolean {
  return error instanceof Error && /^E[MN]FILE$/.test(String(Reflect.get(error, 'code')));
}

// Nothing is there yet that could say it in another way.
function printAndExit(error: unknown): never {
  if (!isTooFewFiles(error)) throw error;
  writeSync(2, `pcopy: ${TOO_FEW_FILES} (EMFILE)\n`);
  process.exit(3);
}

void main();
