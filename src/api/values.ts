import { availableParallelism } from 'node:os';
import { types } from 'node:util';

/** A type of option values. */
export interface ValueType {
  /** Ends the sentence "it takes ...". */
  takes: string;
  fits(value: unknown): boolean;
  /** It may hold a password: no message says what it was. */
  isSecret?: true;
  /** Of a list: what each item must be. */
  each?: ValueType;
  /** How the command line parses it; a flag has none. */
  text?: TextValue;
}

/** How the text after an option becomes a value. */
export interface TextValue {
  /** Throws BadValue, which says what is accepted. */
  parse(text: string): unknown;
  /** All values, for help and completion. */
  choices?: readonly string[];
  /** A path: completion offers files. */
  isPath?: boolean;
}

/** The most workers that `jobs` takes. */
export const MOST_JOBS = 64;

/** Workers when their number is not given, at the start of a run. */
export function usualJobs(): number {
  return Math.min(Math.max(availableParallelism(), 2), 16);
}

/** The largest buffer, and with it the largest chunk, in bytes. */
export const MAX_BUFFER = 1 << 30;

/** Says what the option accepts; the command adds which option it was and what it got. */
export class BadValue extends Error {
  override name = 'BadValue';
}

const SIZE_UNITS = ['', 'K', 'M', 'G', 'T', 'P'];
const SIZE_FORM = 'with K, M, G, T or P (KB and KiB are K) for powers of 1024, like 4096, 64K or 1.5G';

export const callback: ValueType = { takes: 'a function', fits: (value) => typeof value === 'function' };

export const flag: ValueType = { takes: 'true or false', fits: (value) => typeof value === 'boolean' };

export const flagOrMilliseconds: ValueType = {
  takes: 'true, false or a number of milliseconds',
  fits: (value) => flag.fits(value) || (typeof value === 'number' && value >= 0 && value < 2 ** 31),
};

/** A number of bytes: `1024`, `4K`, `1.5G`, `64KiB`. K is 1024 with or without `B` or `iB`. */
export function size(least: number, most: number): ValueType {
  const text: TextValue = {
    parse(text) {
      const bytes = bytesOf(text);
      if (bytes === undefined || bytes < least || bytes > most) {
        throw new BadValue(`It takes ${rangeOfBytes(least, most)}, ${SIZE_FORM}.`);
      }
      return bytes;
    },
  };
  return { ...whole(least, most), text };
}

/** Bytes per second: a size, `/s` allowed behind it. */
const rateText: TextValue = {
  parse(text) {
    const bytes = bytesOf(text.replace(/\/s$/i, ''));
    if (bytes === undefined || bytes < 1) throw new BadValue(`It takes bytes per second, ${SIZE_FORM}.`);
    return bytes;
  },
};

/** A size; Infinity is no limit. */
export const sizeLimit: ValueType = { ...size(0, Number.MAX_SAFE_INTEGER), takes: limit(0).takes, fits: limit(0).fits };

export const rate: ValueType = { ...limit(0), text: rateText };

/** A whole number within a range. */
export function whole(least: number, most: number): ValueType {
  const fits = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return { takes: `a whole number from ${least} to ${most}`, fits, text: integer(least, most) };
}

/** A whole number; Infinity is no limit. */
export function limit(least: number): ValueType {
  const fits = (value: unknown): boolean =>
    (Number.isSafeInteger(value) && Number(value) >= least) || value === Number.POSITIVE_INFINITY;
  return { takes: `a whole number from ${least}, or Infinity for no limit`, fits, text: integer(least) };
}

/** A whole number within a range, or `auto`. */
export function wholeOrAuto(least: number, most: number, takes: string): ValueType {
  const number = whole(least, most);
  const parse = (text: string): unknown => {
    if (text === 'auto') return text;
    try {
      return number.text?.parse(text);
    } catch (error) {
      throw new BadValue(`It takes ${takes}.`, { cause: error });
    }
  };
  return { takes, fits: (value) => value === 'auto' || number.fits(value), text: { parse } };
}

function integer(least: number, most = Number.MAX_SAFE_INTEGER): TextValue {
  return {
    parse(text) {
      const n = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (!(n >= least && n <= most)) {
        const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
        throw new BadValue(`It takes a whole number ${range}.`);
      }
      return n;
    },
  };
}

export function choice(...choices: readonly string[]): ValueType {
  const takes = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  const fits = (value: unknown): boolean => isString(value) && choices.includes(value);
  const parse = (text: string): string => {
    if (!choices.includes(text)) throw new BadValue(`It takes ${takes}.`);
    return text;
  };
  return { takes, fits, text: { choices, parse } };
}

/** The name of a file that is read. */
export const file: TextValue = { isPath: true, parse: (text) => notEmpty(text, 'a file name') };

/** A file to write. `-` is refused: it could be meant as standard output. */
export const outputFile: ValueType = {
  takes: 'a file name',
  fits: (value) => isText(value) && !value.includes('\0'),
  text: {
    isPath: true,
    parse(text) {
      if (text === '-') throw new BadValue("It takes a file name; a file of the name - is './-'.");
      return notEmpty(text, 'a file name');
    },
  },
};

/** A list; the command line gives one item each time. */
export function listOf(what: string, each: ValueType): ValueType {
  return {
    takes: `a list of ${what}`,
    fits: Array.isArray,
    each,
    ...(each.text === undefined ? {} : { text: each.text }),
  };
}

export const patterns = listOf('patterns', {
  takes: 'a pattern, like **/*.log',
  fits: isText,
  text: { parse: (text) => notEmpty(text, 'a glob pattern, like **/*.log') },
});

export const rawPath: ValueType = {
  takes: 'a path as bytes, one character each (see fromText), without a NUL',
  fits: (value) => isString(value) && /^[\x01-\xff]*$/.test(value),
};

/** Of a Redis server. What it got is not said: it may hold a password. */
export const brokerUrl: ValueType = {
  takes: 'a URL that begins with redis://, rediss:// or unix:///',
  fits: isBrokerUrl,
  isSecret: true,
  text: {
    parse(text) {
      if (!isBrokerUrl(text)) throw new BadValue('It takes a URL that begins with redis://, rediss:// or unix:///.');
      return text;
    },
  },
};

function isBrokerUrl(value: unknown): boolean {
  return isText(value) && /^(rediss?:\/\/[^/]|unix:\/\/\/)/.test(value) && URL.canParse(value);
}

/** Source or destination, as a caller writes them. */
export const path: ValueType = {
  takes: 'a path: a string or a Uint8Array, without a NUL',
  fits: (value) => (isString(value) && !value.includes('\0')) || (types.isUint8Array(value) && !value.includes(0)),
};

/** Several sources. */
export const sources: ValueType = {
  takes: 'a path, or a list of one path at least',
  fits: (value) => Array.isArray(value) && value.length > 0,
  each: path,
};

/** As a summary lists them. */
export const failure: ValueType = {
  takes: 'a failure, as a summary lists them',
  fits: (value) => isObject(value) && 'path' in value && (value.path === '' || rawPath.fits(value.path)),
};

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isText(value: unknown): value is string {
  return isString(value) && value !== '';
}

function notEmpty(text: string, what: string): string {
  if (text === '') throw new BadValue(`It takes ${what}.`);
  return text;
}

function bytesOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGTP]?)(?:i?B)?$/i.exec(text);
  if (match === null) return undefined;
  const [, number = '', unit = ''] = match;
  const bytes = Number(number) * 1024 ** SIZE_UNITS.indexOf(unit.toUpperCase());
  // Half a byte is a mistake; 1.3K is not, and is rounded down.
  if (unit === '' && !Number.isInteger(bytes)) return undefined;
  return Number.isSafeInteger(Math.floor(bytes)) ? Math.floor(bytes) : undefined;
}

function rangeOfBytes(least: number, most: number): string {
  const short = (n: number) => (n >= 1 << 30 && n % (1 << 30) === 0 ? `${n / (1 << 30)}G` : String(n));
  return `a size from ${short(least)} to ${short(most)} bytes`;
}
