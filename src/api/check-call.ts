import { inspect } from 'node:util';
import { UsageError } from './errors.ts';
import type { CopyOptions } from './options.ts';
import { OPTIONS } from './options-table.ts';
import { callback, isObject, path, sources, type ValueType } from './values.ts';

const HOOKS: Record<'onEvent' | 'signal' | 'early' | 'executor' | 'origins', ValueType> = {
  onEvent: callback,
  // Not by its class: a program may bring its own.
  signal: {
    takes: 'an AbortSignal',
    fits: (value) => isObject(value) && 'aborted' in value && 'addEventListener' in value,
  },
  early: { takes: 'a list of workers', fits: Array.isArray },
  executor: { takes: 'a function', fits: (value) => typeof value === 'function' },
  origins: { takes: 'a map', fits: (value) => value instanceof Map },
};

/** Options of the library. */
const LIBRARY = Object.entries(OPTIONS).filter(([, row]) => row.default !== undefined);
const TYPES = Object.fromEntries(LIBRARY.map(([name, row]) => [name, row.type]));

/** Throws UsageError for invalid arguments of `copyTree`. An undefined option counts as not given. */
export function checkCall(source: unknown, destination: unknown, options: unknown, hooks: unknown): void {
  if (Array.isArray(source)) check('source', sources, source);
  else check('source', path, source);
  check('destination', path, destination);
  checkFields('option', TYPES, options);
  checkFields('hook', HOOKS, hooks);
  if (Array.isArray(source) && (options as CopyOptions).rename !== undefined)
    throw new UsageError('rename: cannot be used with several sources: each goes under its own name');
}

/** Throws UsageError for options that exclude each other. */
export function checkCombinations(options: CopyOptions): void {
  const value = (name: string): unknown => options[name as keyof CopyOptions];
  // `atomic` is what an option takes away.
  const isGiven = (name: string): boolean => value(name) !== undefined && value(name) !== (name === 'atomic');
  for (const [name, { needs, conflicts = {} }] of LIBRARY) {
    if (!isGiven(name)) continue;
    if (needs !== undefined && value(needs) === undefined) throw new UsageError(`${name}: requires ${needs}`);
    for (const [other, why] of Object.entries(conflicts)) {
      if (isGiven(other)) throw new UsageError(`${name}: cannot be used with ${other}: ${why}`);
    }
  }
}

function checkFields(what: 'option' | 'hook', shapes: Readonly<Record<string, ValueType>>, fields: unknown): void {
  const isPlain = (value: unknown): boolean => isObject(value) && !Array.isArray(value) && !(value instanceof Map);
  check(`${what}s`, { takes: 'an object', fits: isPlain }, fields);
  // `in` sees inherited fields too; they would take effect.
  for (const name in fields as object) {
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (shape === undefined) throw unknown(what, name, Object.keys(shapes));
    const value: unknown = (fields as Record<string, unknown>)[name];
    if (value !== undefined) check(name, shape, value);
  }
}

function check(name: string, { takes, fits, each, isSecret }: ValueType, value: unknown): void {
  if (!fits(value)) {
    if (isSecret) throw new UsageError(`${name}: takes ${takes}`);
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
  if (what === 'hook' && Object.hasOwn(TYPES, name)) return new UsageError(`${said}: it goes into the third argument`);
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
