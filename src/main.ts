import { looksLikeCopy } from './cli/early-look.ts';

// Loading what reads the arguments takes as long as starting a worker does, so the two should overlap.
if (looksLikeCopy(process.argv.slice(2))) {
  // The first worker is started here.
}

const { run } = await import('./cli/run.ts');

process.exitCode = await run(
  {
    argv: process.argv,
    env: process.env,
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signals: process,
    exit: (code) => process.exit(code),
  },
  async () => (await import('./copy-tree.ts')).copyTree,
);
// Nothing is left to do: what is still open (a channel, a timer of a library) must not delay the end.
process.exit();
