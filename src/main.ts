import { stdoutWasClosed } from './cli/closed-stdout.ts';
import { looksLikeCopy } from './cli/early-look.ts';
import { startWorkerEarly } from './executor/early.ts';

// A worker takes as long to start as it takes to load what reads the arguments, so the two overlap.
const early = looksLikeCopy(process.argv.slice(2)) ? [startWorkerEarly()] : [];

// In CommonJS nothing is awaited at the top.
async function main(): Promise<void> {
  const { run } = await import('./cli/run.ts');
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
      const { copyTree } = await import('./copy-tree.ts');
      return (source, destination, options, hooks) => copyTree(source, destination, options, { ...hooks, early });
    },
  );
  // Nothing is left to do: what is still open (a channel, a timer of a library) must not delay the end.
  process.exit();
}

void main();
