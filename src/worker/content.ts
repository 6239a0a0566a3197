import type { RawPath } from '../api/names.ts';
import { attempt, entryError } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import type { SourceState } from '../protocol/jobs.ts';
import type { Context } from './context.ts';

/** The unit a hole can have; smaller ones file systems cannot keep. */
const HOLE_UNIT = 4096;
const zeros = Buffer.alloc(HOLE_UNIT);

/** Gets to see every byte of the content in order, holes included. */
export type Observer = (bytes: Buffer) => void;

/**
 * Copies a file's content from its start to its end into an empty file, a batch of chunks per call.
 * Throws when the source does not hold exactly `stat.size` bytes or changes on the way.
 * @returns bytes of content
 */
export function copyContent(
  context: Context,
  path: RawPath,
  source: Handle,
  destination: Handle,
  stat: Stat,
  observe: Observer | null,
): number {
  const { fs, config, buffer } = context;
  const holes = stat.blocks * 512 < stat.size;
  if (stat.size >= HOLE_UNIT && (config.sparse === 'always' || (config.sparse === 'auto' && holes))) {
    return copySparse(context, path, source, destination, stat, observe);
  }
  let total = 0;
  for (;;) {
    const n = attempt(path, 'source', 'read', () => fs.read(source, buffer, 0, buffer.length, -1));
    if (n > 0) {
      total += n;
      if (total > stat.size && stat.size > 0) throw changed(path, 'grew while it was read');
      observe?.(buffer.subarray(0, n));
      writeAll(context, path, destination, 0, n, -1);
      context.heartbeat.moved(n);
    }
    // A short read that ends at the known size is the end of the file: no further call is needed to know it.
    if (n === 0 || (n < buffer.length && total === stat.size)) break;
  }
  if (total < stat.size) throw changed(path, 'shrank while it was read');
  if (stat.size === 0 && total > 0) checkStillSizeless(context, path, source);
  else if (total > buffer.length) checkUnchanged(context, path, source, stat);
  return total;
}

/**
 * Copies the part of the content between two positions, holes kept as the options say. The destination has its size.
 * Throws when the source ends before `end`.
 */
export function copyRange(
  context: Context,
  path: RawPath,
  source: Handle,
  destination: Handle,
  start: number,
  end: number,
  holes: boolean,
  observe: Observer | null,
): void {
  const { fs, config } = context;
  const keep = holes && config.sparse !== 'never';
  for (let at = start; at < end; ) {
    const data = keep ? fs.nextData(source, at, end) : at;
    const from = data === null ? at : Math.min(data, end);
    const to = keep && data !== null && from < end ? Math.min(fs.nextHole(source, from, end), end) : end;
    if (from > at) skipHole(context, from - at, observe);
    copyData(context, path, source, destination, from, to, config.sparse === 'always' || data === null, observe);
    at = to;
  }
}

function copySparse(
  context: Context,
  path: RawPath,
  source: Handle,
  destination: Handle,
  stat: Stat,
  observe: Observer | null,
): number {
  attempt(path, 'destination', 'set size', () => context.fs.truncate(destination, stat.size));
  copyRange(context, path, source, destination, 0, stat.size, true, observe);
  checkUnchanged(context, path, source, stat);
  return stat.size;
}

function copyData(
  context: Context,
  path: RawPath,
  source: Handle,
  destination: Handle,
  from: number,
  to: number,
  makeHoles: boolean,
  observe: Observer | null,
): void {
  const { fs, buffer } = context;
  for (let at = from; at < to; ) {
    const wanted = Math.min(buffer.length, to - at);
    const n = attempt(path, 'source', 'read', () => fs.read(source, buffer, 0, wanted, at));
    if (n === 0) throw changed(path, 'shrank while it was read');
    observe?.(buffer.subarray(0, n));
    if (makeHoles) writeData(context, path, destination, n, at);
    else writeAll(context, path, destination, 0, n, at);
    context.heartbeat.moved(n);
    at += n;
  }
}

// Writes all but the zeros, in as few calls as there are runs of data.
function writeData(context: Context, path: RawPath, destination: Handle, length: number, position: number): void {
  let from = 0;
  for (let at = 0; at < length; ) {
    const unit = Math.min(HOLE_UNIT, length - at);
    if (context.buffer.compare(zeros, 0, unit, at, at + unit) === 0) {
      if (at > from) writeAll(context, path, destination, from, at - from, position + from);
      from = at + unit;
    }
    at += unit;
  }
  if (from < length) writeAll(context, path, destination, from, length - from, position + from);
}

// A short write is not an error yet: a full disk shows in the call after it.
function writeAll(
  context: Context,
  path: RawPath,
  destination: Handle,
  offset: number,
  length: number,
  position: number,
): void {
  for (let done = 0; done < length; ) {
    const at = position < 0 ? -1 : position + done;
    const n = attempt(path, 'destination', 'write', () =>
      context.fs.write(destination, context.buffer, offset + done, length - done, at),
    );
    // A file system that takes nothing and gives no reason would otherwise be asked for ever.
    if (n === 0) throw entryError(path, 'destination', 'write', 'EIO', 'nothing was written');
    done += n;
  }
}

// A hole costs nothing to copy, but the hash has to see its zeros, which may be petabytes.
function skipHole(context: Context, length: number, observe: Observer | null): void {
  if (observe === null) return context.heartbeat.skipped(length);
  for (let left = length; left > 0; left -= HOLE_UNIT) {
    const unit = Math.min(HOLE_UNIT, left);
    observe(zeros.subarray(0, unit));
    context.heartbeat.skipped(unit);
  }
}

const OTHERWISE = ['mode', 'uid', 'gid', 'nlink'] as const;

/** Throws when the file is no longer what it was when its copy began. */
export function checkUnchanged(context: Context, path: RawPath, source: Handle, stat: SourceState): void {
  const now = attempt(path, 'source', 'stat', () => context.fs.stat(source));
  if (now.size > stat.size) throw changed(path, 'grew while it was read');
  if (now.size < stat.size) throw changed(path, 'shrank while it was read');
  if (now.mtime !== stat.mtime || now.mtimeNs !== stat.mtimeNs) throw changed(path, 'changed while it was read');
  // Whoever writes and then puts the old time back (encrypted containers) cannot put this one back. Rights, owners and further
  // names change it too, and are no change of content.
  const isOtherwiseSame = OTHERWISE.every((field) => now[field] === stat[field]);
  if (now.changedMs !== stat.changedMs && isOtherwiseSame) throw changed(path, 'changed while it was read');
}

// Files of /proc and the like say size 0 and have content; an ordinary one that was empty has grown.
function checkStillSizeless(context: Context, path: RawPath, source: Handle): void {
  const now = attempt(path, 'source', 'stat', () => context.fs.stat(source));
  if (now.size > 0) throw changed(path, 'grew while it was read');
}

function changed(path: RawPath, message: string): Error {
  return entryError(path, 'source', 'read', 'EPCOPY_CHANGED', message);
}
