import { writeSync } from 'node:fs';
import { stdoutWasClosed } from './cli/closed-stdout.ts';
import { looksLikeCopy } from './cli/sniff-args.ts';
import { startWorkerEarly } from './schedule/early.ts';

const TOO_FEW_FILES = 'cannot start: too many open files; ulimit -n 64 is enough';

// A worker takes as long to start as it takes to load what reads the arguments, so the two overlap.
const early = looksLikeCopy(process.argv.slice(2)) ? [startWorkerEarly()] : [];

// In CommonJS nothing is awaited at the top.
async function main(): Promise<void> {
  const { run } = await import('./cli/run.ts').catch(sayAndExit);
  process.exitCode = await run(
    {
      argv: process.argv,
      env: process.env,
      stdin: () => process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      stdoutWasClosed: stdoutWasClosed(),
      signals: process,
      exit: (code) => process.exit(code),
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
  process.exit();
}

// The limit on open files can be too low to read the program itself.
function isTooFewFiles(error: unknown): boolean {
  return error instanceof Error && /^E[MN]FILE$/.test(String(Reflect.get(error, 'code')));
}

// Nothing is there yet that could say it in another way.
function sayAndExit(error: unknown): never {
  if (!isTooFewFiles(error)) throw error;
  writeSync(2, `pcopy: ${TOO_FEW_FILES} (EMFILE)\n`);
  process.exit(3);
}

void main();
