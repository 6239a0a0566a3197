import { inspect, types } from 'node:util';
import { UsageError } from './errors.ts';
import type { CopyOptions } from './options.ts';

/** What a value has to be; `takes` ends the sentence "it takes ...". */
interface Shape {
  takes: string;
  fits: (value: unknown) => boolean;
  /** Of a list: what each of it has to be. */
  each?: Shape;
}

/** The largest buffer, and with it the largest chunk. */
export const MAX_BUFFER = 1 << 30;

const flag: Shape = { takes: 'true or false', fits: (value) => typeof value === 'boolean' };
const when = choice('auto', 'always', 'never');
const patterns = listOf('patterns', { takes: 'a pattern, like **/*.log', fits: isText });
const rawPath: Shape = {
  takes: 'a path as bytes, one character each (see fromText), without a NUL',
  fits: (value) => isString(value) && /^[\x01-\xff]*$/.test(value),
};
const path: Shape = {
  takes: 'a path: a string or a Uint8Array, without a NUL',
  fits: (value) => (isString(value) && !value.includes('\0')) || (types.isUint8Array(value) && !value.includes(0)),
};

/** Every option there is. */
const OPTIONS: Record<keyof CopyOptions, Shape> = {
  jobs: whole(1, 64),
  chunkSize: whole(1, MAX_BUFFER),
  batch: whole(1, MAX_BUFFER),
  include: patterns,
  exclude: patterns,
  gitignore: flag,
  filesFrom: listOf('paths', rawPath),
  retryFrom: listOf('failures', {
    takes: 'a failure, as a summary lists them',
    fits: (value) => isObject(value) && 'path' in value && (value.path === '' || rawPath.fits(value.path)),
  }),
  noClobber: flag,
  update: flag,
  checksum: flag,
  delete: flag,
  maxDelete: limit(0),
  archive: flag,
  dereference: flag,
  reflink: when,
  sparse: when,
  verify: flag,
  manifest: { takes: 'a file name', fits: (value) => isText(value) && !value.includes('\0') },
  fsync: flag,
  atomic: flag,
  dryRun: flag,
  retries: whole(0, 1000),
  maxErrors: limit(1),
  bwlimit: limit(0),
  preflight: flag,
  strict: flag,
  entries: flag,
  sizes: flag,
};

const HOOKS: Record<'onEvent' | 'signal' | 'early', Shape> = {
  onEvent: { takes: 'a function', fits: (value) => typeof value === 'function' },
  // Not by its class: a program may bring its own.
  signal: {
    takes: 'an AbortSignal',
    fits: (value) => isObject(value) && 'aborted' in value && 'addEventListener' in value,
  },
  early: { takes: 'a list of workers', fits: Array.isArray },
};

/** Options that mean nothing while another is not mentioned. */
const NEEDS: readonly [keyof CopyOptions, keyof CopyOptions][] = [
  ['maxDelete', 'delete'],
  ['checksum', 'update'],
];

const CONFLICTS: readonly [keyof CopyOptions, keyof CopyOptions, why: string][] = [
  ['filesFrom', 'delete', 'all that is not listed would be removed'],
  ['retryFrom', 'filesFrom', 'each says what to copy'],
  ['manifest', 'dryRun', 'nothing is read, so nothing is hashed'],
];

/** Throws UsageError for arguments of `copyTree` that cannot be meant. An option that is undefined is not given. */
export function checkCall(source: unknown, destination: unknown, options: unknown, hooks: unknown): void {
  check('source', path, source);
  check('destination', path, destination);
  checkFields('option', OPTIONS, options);
  checkFields('hook', HOOKS, hooks);
}

/** Throws UsageError for options that cannot stand together. */
export function checkCombinations(options: CopyOptions): void {
  for (const [name, other] of NEEDS) {
    if (isGiven(options[name]) && options[other] === undefined)
      throw new UsageError(`${name}: means nothing without ${other}`);
  }
  for (const [name, other, why] of CONFLICTS) {
    if (isGiven(options[name]) && isGiven(options[other]))
      throw new UsageError(`${name}: cannot stand beside ${other}: ${why}`);
  }
}

function checkFields(what: 'option' | 'hook', shapes: Readonly<Record<string, Shape>>, fields: unknown): void {
  const isPlain = (value: unknown): boolean => isObject(value) && !Array.isArray(value) && !(value instanceof Map);
  check(`${what}s`, { takes: 'an object', fits: isPlain }, fields);
  // With `in` what is inherited is seen too: it would count.
  for (const name in fields as object) {
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (shape === undefined) throw unknown(what, name, Object.keys(shapes));
    const value: unknown = (fields as Record<string, unknown>)[name];
    if (value !== undefined) check(name, shape, value);
  }
}

function check(name: string, { takes, fits, each }: Shape, value: unknown): void {
  if (!fits(value)) {
    const got = inspect(value, { depth: 0, maxStringLength: 100, breakLength: Number.POSITIVE_INFINITY });
    throw new UsageError(`${name}: got ${got}, takes ${takes}`);
  }
  if (each !== undefined)
    for (const [index, item] of (value as unknown[]).entries()) check(`${name}[${index}]`, each, item);
}

function unknown(what: 'option' | 'hook', name: string, known: readonly string[]): UsageError {
  const said = `unknown ${what} '${name}'`;
  if (what === 'option' && Object.hasOwn(HOOKS, name))
    return new UsageError(`${said}: it goes into the fourth argument`);
  if (what === 'hook' && Object.hasOwn(OPTIONS, name))
    return new UsageError(`${said}: it goes into the third argument`);
  const meant = known.find((other) => isNear(plain(name), plain(other)));
  return new UsageError(meant === undefined ? said : `${said}: did you mean '${meant}'?`);
}

/** `dry-run`, `dryrun` and `dry_run` are what somebody writes for `dryRun`. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** At most one letter more, less or other. */
function isNear(a: string, b: string): boolean {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const [restA, restB] = [a.slice(same), b.slice(same)];
  return restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isText(value: unknown): value is string {
  return isString(value) && value !== '';
}

function whole(from: number, to: number): Shape {
  const fits = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= from && Number(value) <= to;
  return { takes: `a whole number from ${from} to ${to}`, fits };
}

function limit(from: number): Shape {
  const fits = (value: unknown): boolean =>
    (Number.isSafeInteger(value) && Number(value) >= from) || value === Number.POSITIVE_INFINITY;
  return { takes: `a whole number from ${from}, or Infinity for no limit`, fits };
}

function choice(...choices: readonly string[]): Shape {
  const takes = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  return { takes, fits: (value) => isString(value) && choices.includes(value) };
}

function listOf(what: string, each: Shape): Shape {
  return { takes: `a list of ${what}`, fits: Array.isArray, each };
}
