import type { Hash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Failure } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import { attempt, entryError } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import type { Observer } from './content.ts';
import type { Context } from './context.ts';

export interface Digest {
  update: Observer;
  hex: () => string;
}

/** A hash of the copied content, or null when none is needed. */
export function digestOf(context: Context): Digest | null {
  if (!context.config.hash && !context.config.verify) return null;
  const hash = newHash();
  return { update: (bytes) => hash.update(bytes), hex: () => hash.digest('hex') };
}

/** Reads a written file back, from the disk where the system supports that, and throws when the hash differs. */
export function verify(context: Context, path: RawPath, destination: Handle, stat: Stat, sha256: string): void {
  const { fs } = context;
  const size = attempt(path, 'destination', 'stat', () => fs.stat(destination)).size;
  if (stat.size > 0 && size !== stat.size) throw differs(path);
  fs.dropCache(destination);
  if (hashContent(context, path, 'destination', destination) !== sha256) throw differs(path);
}

/** sha256 in hex of a whole open file. Does not change the file position. */
export function hashContent(context: Context, path: RawPath, side: Failure['side'], handle: Handle): string {
  const { fs, buffer } = context;
  const hash = newHash();
  for (let at = 0; ; ) {
    const n = attempt(path, side, 'read', () => fs.read(handle, buffer, 0, buffer.length, at));
    if (n === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, n));
    at += n;
    context.heartbeat.waited();
  }
}

// Loaded on demand: node:crypto takes milliseconds, and most runs hash nothing.
let create: (() => Hash) | undefined;

function newHash(): Hash {
  if (create === undefined) {
    const crypto = createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto');
    create = () => crypto.createHash('sha256');
  }
  return create();
}

function differs(path: RawPath): Error {
  return entryError(path, 'destination', 'verify', 'EPCOPY_VERIFY', 'what was read back is not what was written');
}
