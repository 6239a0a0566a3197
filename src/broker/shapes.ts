// What a value from the broker must be like.
export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === 'string';
export const isFlag: Check = (value) => typeof value === 'boolean';
export const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const isWhole: Check = (value) => Number.isSafeInteger(value);
export const isIdentity: Check = (value) => typeof value === 'string' && /^[\w:]{1,60}$/.test(value);
export const isHash: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
/** One name, as bytes. */
export const isName: Check = (value) =>
  typeof value === 'string' && /^[\x01-\x2e\x30-\xff]+$/.test(value) && value !== '.' && value !== '..';
/** Names of a path; each may be two (see `bothNames`). */
export const isNames: Check = (value) =>
  typeof value === 'string' &&
  value.split('/').every((both) => both.split('\0').length <= 2 && both.split('\0').every(isName));
/** Relative, and not out of the top directory. */
export const isPath: Check = (value) => value === '' || isNames(value);
export const isTypes: Check = (value) => typeof value === 'string' && /^[fdlpscb?]+$/.test(value);

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

export function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** Just these fields. */
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
