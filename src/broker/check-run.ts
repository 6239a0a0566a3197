import { isCount, isFlag, isName, isText, isWhole, listOf, shape } from './shapes.ts';
import type { SharedRun } from './shared-run.ts';

const isAbsolute = (value: unknown): boolean =>
  typeof value === 'string' && /^\/[\x01-\xff]*$/.test(value) && !/\/(\.\.?)(\/|$)/.test(value);
const isRoot = shape({ path: isAbsolute, identity: isText });
const oneOf =
  (...values: readonly string[]) =>
  (value: unknown): boolean =>
    values.includes(value as string);
const within =
  (least: number, most: number) =>
  (value: unknown): boolean =>
    isWhole(value) && (value as number) >= least && (value as number) <= most;
/** Marks are names of runs, too. */
export const isMark = (value: unknown): boolean =>
  typeof value === 'string' && /^[0-9a-f]{8}-\d{1,10}-[0-9a-f]{16}$/.test(value);
const isNull = (value: unknown): boolean => value === null;
const WHEN = oneOf('auto', 'always', 'never');
const LARGEST_BUFFER = 1 << 30;

const isConfig = shape({
  source: isRoot,
  destination: isRoot,
  driver: oneOf('libc', 'node'),
  forbidden: listOf(isText),
  merged: isFlag,
  beganEmpty: isFlag,
  single: (value) => value === null || shape({ from: isName, to: isName })(value),
  beganMs: isWhole,
  runMark: isMark,
  leaderMark: isMark,
  chunkSize: within(1, LARGEST_BUFFER),
  batch: within(1, LARGEST_BUFFER),
  // None of these is safe here: what is written in place or continued is written twice when a job is, and links lead out of what
  // is allowed.
  atomic: (value) => value === true,
  partial: (value) => value === false,
  dereference: (value) => value === false,
  dryRun: (value) => value === false,
  ifExists: oneOf('replace', 'skip', 'older'),
  update: isFlag,
  checksum: isFlag,
  mirror: isFlag,
  archive: isFlag,
  reflink: WHEN,
  sparse: WHEN,
  verify: isFlag,
  hash: isFlag,
  fsync: isFlag,
  retries: within(0, 1000),
  rate: isNull,
  lease: isNull,
  splitAbove: (value) => value === null || isCount(value),
  entries: isFlag,
  trace: (value) => value === false,
});
const isRun = shape({
  version: isText,
  config: isConfig,
  proof: shape({
    source: shape({ inode: isText, mtime: isWhole, mtimeNs: isCount }),
    destinationInode: isText,
    name: isName,
    nonce: isText,
  }),
  bytesPerSecond: (value) => value === null || within(1, Number.MAX_SAFE_INTEGER)(value),
});

/** Parses the description of a run. @throws Error that describes the problem */
export function checkRun(text: string, version: string): SharedRun {
  let run: unknown;
  try {
    run = JSON.parse(text);
  } catch {
    throw new Error('what it says of itself is not readable');
  }
  const theirs = typeof run === 'object' && run !== null ? Reflect.get(run, 'version') : undefined;
  if (theirs !== version) throw new Error(`it is of pcopy ${String(theirs).slice(0, 40)}, this helper of ${version}`);
  if (!isRun(run)) throw new Error('what it says of itself is not what a run of pcopy says');
  const known = run as SharedRun;
  const { chunkSize, batch, splitAbove } = known.config;
  if (chunkSize * batch > LARGEST_BUFFER) throw new Error('it asks for too large a buffer');
  return { ...known, config: { ...known.config, splitAbove: splitAbove ?? Number.POSITIVE_INFINITY } };
}
