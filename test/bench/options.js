import { parseArgs } from 'node:util';

export const usage = `Usage: npm run bench -- [options]

Runs pcopy and every other copier on this machine in interleaved rounds (A B A B ...), each into a fresh
destination, checks a copy in each round, and prints medians, median paired ratios and the targets. Linux only.

  --list             the rows, and what each needs
  --only <row>       just this row (repeatable); a row on a loop device then needs no --loop; slow: those on storage that answers late;
                     coordinator: the parent alone, with up to ten million files;
                     machines: with a broker and a helper (redis-server)
  --quick            mostly smaller trees, 3 rounds, nobody without a target, under two minutes
  --rounds <n>       counted rounds of each row (default 5; a warm-up round is never counted)
  --scale <x>        multiply file counts and big files by x (the targets are meant for 1)
  -j, --jobs <n>     workers for pcopy, and threads for the reference (default 2)
  --dir <path>       where trees and copies live (default /dev/shm)
  --loop             also the rows on ext4, xfs and btrfs images (root)
  --image-dir <path> where the images live (default: --dir)
  --budget <seconds> start no round that would end later than this (default 3600)
  --json <file>      write everything measured as JSON
  --growth           instead: how cost grows with files, depth and size
  --jobs-table       instead: -j 1, 2, 3, 4, 8 and batch sizes
  --plot             instead: the picture of the README, .github/performance.svg (3 rounds, up to 10 minutes; root)
  --eta              instead: how true the ETA is, in runs of 10 to 20 seconds
  -h, --help

Environment:
  PCOPY_BENCH_COMMAND  stands in for pcopy, split at spaces: 'cp -a {src}/. {dst}', or '/other/bin/pcopy.js -q', to
                       which '<source> <destination> -j <n>' is appended; {options} and {jobs} are filled in too
  PCOPY_BENCH_LIMIT    a compiled reference, run as '<binary> <source> <destination> <threads>'
  PCOPY_BENCH_CPY      the cpy command of cpy-cli, when it is neither in node_modules nor in PATH

Exit code: 0 measured, 1 a copy of pcopy failed or differed, 2 bad usage, 3 nothing could be run, 130 interrupted.`;

/** A mistake in the command line: its message is for the user, without a stack. */
export class UsageError extends Error {}

/** The resolved options. Throws a UsageError on anything unknown or out of range. */
export function readOptions(argv) {
  const raw = parse(argv);
  const quick = raw.quick ?? false;
  const modes = ['growth', 'jobs-table', 'eta', 'plot'].filter((mode) => raw[mode]);
  if (modes.length > 1) throw new UsageError(`--${modes[0]} and --${modes[1]} exclude each other`);
  const plot = modes[0] === 'plot';
  const dir = raw.dir ?? '/dev/shm';
  return {
    help: raw.help ?? false,
    list: raw.list ?? false,
    mode: modes[0] ?? 'targets',
    only: raw.only ?? [],
    quick,
    loop: raw.loop ?? false,
    rounds: number('--rounds', raw.rounds ?? (quick || plot ? '3' : '5'), 1, 100, Number.isInteger),
    // Undefined: 1, or with --quick what suits the row.
    scale: raw.scale === undefined ? undefined : number('--scale', raw.scale, 0.0001, 10),
    jobs: plot && raw.jobs === undefined ? 'auto' : number('--jobs', raw.jobs ?? '2', 1, 64, Number.isInteger),
    budget: number('--budget', raw.budget ?? (quick ? '90' : plot ? '570' : '3600'), 1, 86_400),
    dir,
    imageDir: raw['image-dir'] ?? dir,
    json: raw.json,
  };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h' },
        list: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean' },
        loop: { type: 'boolean' },
        growth: { type: 'boolean' },
        'jobs-table': { type: 'boolean' },
        eta: { type: 'boolean' },
        plot: { type: 'boolean' },
        rounds: { type: 'string' },
        scale: { type: 'string' },
        jobs: { type: 'string', short: 'j' },
        budget: { type: 'string' },
        dir: { type: 'string' },
        'image-dir': { type: 'string' },
        json: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message, { cause: error });
  }
}

function number(name, text, min, max, accept = Number.isFinite) {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!accept(value) || value < min || value > max) {
    throw new UsageError(`${name} takes a number from ${min} to ${max}, got '${text}'`);
  }
  return value;
}
