/** How the text after an option becomes a value. A text that cannot is answered with what would be taken. */
export interface Value<T> {
  /** Throws BadValue. */
  parse(text: string): T;
  /** All there are, for help and completion. */
  choices?: readonly string[];
  /** A path: completion offers files. */
  isPath?: boolean;
}

/** Says what the option takes; the command says which option it was and what it got. */
export class BadValue extends Error {
  override name = 'BadValue';
}

const SIZE_UNITS = ['', 'K', 'M', 'G', 'T', 'P'];
const SIZE_FORM = 'with K, M, G, T or P (KB and KiB are K) for powers of 1024, like 4096, 64K or 1.5G';

/** A number of bytes: `1024`, `4K`, `1.5G`, `64KiB`. K is 1024 with or without `B` or `iB`. */
export function size(least: number, most: number): Value<number> {
  return {
    parse(text) {
      const bytes = bytesOf(text);
      if (bytes === undefined || bytes < least || bytes > most) {
        throw new BadValue(`It takes ${rangeOfBytes(least, most)}, ${SIZE_FORM}.`);
      }
      return bytes;
    },
  };
}

/** Bytes per second: a size, `/s` allowed behind it. */
export const rate: Value<number> = {
  parse(text) {
    const bytes = bytesOf(text.replace(/\/s$/i, ''));
    if (bytes === undefined || bytes < 1) throw new BadValue(`It takes bytes per second, ${SIZE_FORM}.`);
    return bytes;
  },
};

export function integer(least: number, most = Number.MAX_SAFE_INTEGER): Value<number> {
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

export function choice<const T extends string>(...choices: readonly T[]): Value<T> {
  return {
    choices,
    parse(text) {
      const chosen = choices.find((c) => c === text);
      if (chosen === undefined) throw new BadValue(`It takes ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}.`);
      return chosen;
    },
  };
}

export const file: Value<string> = { isPath: true, parse: (text) => notEmpty(text, 'a file name') };

/** A file that is written: `-` might be taken for standard output. */
export const notStandardOutput: Value<string> = {
  isPath: true,
  parse(text) {
    if (text === '-') throw new BadValue("It takes a file name; a file of the name - is './-'.");
    return notEmpty(text, 'a file name');
  },
};

export const glob: Value<string> = { parse: (text) => notEmpty(text, 'a glob pattern, like **/*.log') };

function notEmpty(text: string, what: string): string {
  if (text === '') throw new BadValue(`It takes ${what}.`);
  return text;
}

function bytesOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGTP]?)(?:i?B)?$/i.exec(text);
  if (match === null) return undefined;
  const [, number = '', unit = ''] = match;
  const bytes = Number(number) * 1024 ** SIZE_UNITS.indexOf(unit.toUpperCase());
  // Half a byte cannot be meant; 1.3K can, and is rounded down.
  if (unit === '' && !Number.isInteger(bytes)) return undefined;
  return Number.isSafeInteger(Math.floor(bytes)) ? Math.floor(bytes) : undefined;
}

function rangeOfBytes(least: number, most: number): string {
  const short = (n: number) => (n >= 1 << 30 && n % (1 << 30) === 0 ? `${n / (1 << 30)}G` : String(n));
  return `a size from ${short(least)} to ${short(most)} bytes`;
}
