// Checks of values from the broker.
export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === 'string';
export const isFlag: Check = (value) => typeof value === 'boolean';
export const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const isWhole: Check = (value) => Number.isSafeInteger(value);
export const isIdentity: Check = (value) => typeof value === 'string' && /^[\w:]{1,60}$/.test(value);
export const isHash: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
/** One name, one character per byte. */
export const isName: Check = (value) =>
  typeof value === 'string' && /^[\x01-\x2e\x30-\xff]+$/.test(value) && value !== '.' && value !== '..';
/** An empty name, `.` or `..`, three names in place of a pair, or a character that is no byte. */
const NO_NAMES = /(?:^|[/\0])\.{0,2}(?=[/\0]|$)|\0[^/\0]*\0|[^\0-\xff]/;
/** The names of a path; each may be a pair (see `bothNames`). There are thousands in a job. */
export const isNames: Check = (value) => typeof value === 'string' && !NO_NAMES.test(value);
/** A relative path that does not leave the top directory. */
export const isPath: Check = (value) => value === '' || isNames(value);
export const isTypes: Check = (value) => typeof value === 'string' && /^[fdlpscb?]+$/.test(value);

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

export function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** An object with these fields and no others. */
export function shape(fields: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const given = value as Record<string, unknown>;
    return (
      Object.keys(given).every((key) => Object.hasOwn(fields, key)) &&
      Object.entries(fields).every(([key, check]) => check(given[key]))
    );
  };
}

export const isSplit = shape({
  temporary: isName,
  made: shape({ identity: isIdentity, uid: isCount, mode: isCount }),
  sourceIdentity: isIdentity,
  source: shape({
    size: isCount,
    mtime: isWhole,
    mtimeNs: isCount,
    changedMs: Number.isFinite as Check,
    mode: isCount,
    uid: isCount,
    gid: isCount,
    nlink: isCount,
  }),
  size: isCount,
});
