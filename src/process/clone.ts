import { serialize } from 'node:v8';
import { NotCloneable } from './errors.ts';

/** Whether structured clone can carry the value to another process. */
export function isCloneable(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}

/** Turns the engine's bare complaint into one that names the part of `value` at fault; other errors stay as they are. */
export function explain(error: unknown, value: unknown): unknown {
  const path = uncloneablePath(value, new Set());
  if (path === null) return error;
  const where = path === '' ? 'the value itself' : path;
  const message = error instanceof Error ? error.message : String(error);
  return new NotCloneable(`cannot be sent to another process: ${where}: ${message}`, path, { cause: error });
}

/** The way to the innermost part that cannot be cloned, '' for the value itself, null when all of it can. */
function uncloneablePath(value: unknown, seen: Set<unknown>): string | null {
  if (seen.has(value) || isCloneable(value)) return null;
  seen.add(value);
  for (const [step, part] of parts(value)) {
    const rest = uncloneablePath(part, seen);
    if (rest !== null) return step + rest;
  }
  return '';
}

function* parts(value: unknown): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) yield [`[${index}]`, part];
  } else if (value instanceof Map) {
    for (const [key, part] of value) {
      yield [`.keys(${String(key)})`, key];
      yield [`.get(${String(key)})`, part];
    }
  } else if (value instanceof Set) {
    for (const part of value) yield ['.values()', part];
  } else {
    for (const [key, part] of Object.entries(value)) {
      yield [/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`, part];
    }
  }
}
