// What callers pass, looked at where they pass it: JavaScript has no compiler to say so, and what is not meant would wait
// for ever, or be ignored.
import { inspect } from 'node:util';

/** How long to wait, in milliseconds; without `timeout`: as long as it takes. */
export interface WaitOptions {
  timeout?: number | undefined;
}

const WAIT_OPTIONS = ['timeout'] as const;

/** Milliseconds, or null for as long as it takes. Throws TypeError for anything but `{ timeout }`, RangeError below 0. */
export function waitOf(options: WaitOptions | undefined): number | null {
  if (options === undefined) return null;
  checkNames(options, WAIT_OPTIONS);
  return millisecondsOf('timeout', options.timeout);
}

/** Milliseconds, or null where it is left out or Infinity. */
export function millisecondsOf(name: string, value: number | undefined): number | null {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return null;
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new TypeError(`${name} must be a number of milliseconds, not ${shown(value)}`);
  }
  if (value < 0) throw new RangeError(`${name} must be 0 or more, not ${value}`);
  return value;
}

/** Throws TypeError for what is no object, and for a name that is no option: most likely a slip. */
export function checkNames(options: unknown, known: readonly string[]): void {
  const expected = `expected options { ${known.join(', ')} }`;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${expected}, not ${shown(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`${expected}, not '${name}'`);
  }
}

/** Throws TypeError for what is no whole number, RangeError outside of the limits. */
export function checkWhole(name: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a whole number, not ${shown(value)}`);
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw new RangeError(`${name} must be a whole number, ${range}, not ${value}`);
}

/** A queue's capacity; Infinity for 0 and below, as in Python. Throws TypeError and RangeError for what is no whole number. */
export function capacityOf(value: number): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  checkWhole('capacity', value, Number.MIN_SAFE_INTEGER);
  return value > 0 ? value : Number.POSITIVE_INFINITY;
}

/** A value in an error's message: on one line, and short. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60 });
}
