import type { RawPath } from '../api/names.ts';
import { attempt, entryError, toCopyError } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import type { SourceState } from '../protocol/jobs.ts';
import type { Context } from './context.ts';

/** Bytes. File systems do not store smaller holes. */
const HOLE_UNIT = 4096;
const zeros = Buffer.alloc(HOLE_UNIT);

/** Receives every byte of the content in order, holes included. */
export type Observer = (bytes: Buffer) => void;

/** A file whose content is copied, open on both sides. */
export interface Content {
  path: RawPath;
  source: Handle;
  destination: Handle;
  observe: Observer | null;
}

/** Positions in bytes. */
export interface Range {
  start: number;
  end: number;
}

/**
 * Copies a file's content from its start to its end into an empty file, a batch of chunks per call.
 * Throws when the source does not hold exactly `stat.size` bytes or changes on the way.
 * @returns bytes of content
 */
export function copyContent(context: Context, content: Content, stat: Stat): number {
  const { config, buffer } = context;
  const { path, source } = content;
  const holes = stat.blocks * 512 < stat.size;
  if (stat.size >= HOLE_UNIT && (config.sparse === 'always' || (config.sparse === 'auto' && holes))) {
    return copySparse(context, content, stat);
  }
  let total = 0;
  for (;;) {
    const n = copyBatch(context, content, buffer.length, NEXT);
    total += n;
    if (total > stat.size && stat.size > 0) throw changed(path, 'grew while it was read');
    // A short read that ends at the known size is the end of the file, without another call.
    if (n === 0 || (n < buffer.length && total === stat.size)) break;
  }
  if (total < stat.size) throw changed(path, 'shrank while it was read');
  if (stat.size === 0 && total > 0) checkStillSizeless(context, path, source);
  else if (total > 0) checkUnchanged(context, path, source, stat);
  return total;
}

/**
 * Copies a range of the content, keeping holes as the options say. The destination already has its size. Throws when the source
 * ends before `end`.
 */
export function copyRange(context: Context, content: Content, { start, end }: Range, holes: boolean): void {
  const { fs, config } = context;
  const keep = holes && config.sparse !== 'never';
  for (let at = start; at < end; ) {
    const data = keep ? fs.nextData(content.source, at, end) : at;
    const from = data === null ? at : Math.min(data, end);
    const to = keep && data !== null && from < end ? Math.min(fs.nextHole(content.source, from, end), end) : end;
    if (from > at) skipHole(context, from - at, content.observe);
    const makesHoles = config.sparse === 'always' || data === null;
    for (at = from; at < to; ) {
      const n = copyBatch(context, content, Math.min(context.buffer.length, to - at), at, makesHoles);
      if (n === 0) throw changed(content.path, 'shrank while it was read');
      at += n;
    }
  }
}

function copySparse(context: Context, content: Content, stat: Stat): number {
  const { path, source, destination } = content;
  attempt(path, 'destination', 'set size', () => context.fs.truncate(destination, stat.size));
  copyRange(context, content, { start: 0, end: stat.size }, true);
  checkUnchanged(context, path, source, stat);
  return stat.size;
}

/** The position after the last read or write. */
const NEXT = -1;

/** @returns bytes copied; 0 at the end of the source */
function copyBatch(context: Context, content: Content, wanted: number, at: number, makesHoles = false): number {
  const n = read(context, content, wanted, at);
  if (n === 0) return 0;
  content.observe?.(context.buffer.subarray(0, n));
  context.heartbeat.guard();
  if (makesHoles) writeData(context, content, n, at);
  else writeAll(context, content, 0, n, at);
  context.heartbeat.moved(n);
  return n;
}

function read({ fs, buffer }: Context, { path, source }: Content, wanted: number, at: number): number {
  try {
    return fs.read(source, buffer, 0, wanted, at);
  } catch (error) {
    throw toCopyError(error, path, 'source', 'read');
  }
}

function write({ fs, buffer }: Context, { path, destination }: Content, from: number, end: number, at: number): number {
  try {
    return fs.write(destination, buffer, from, end - from, at);
  } catch (error) {
    throw toCopyError(error, path, 'destination', 'write');
  }
}

// Writes everything except zero blocks, with one call per run of data.
function writeData(context: Context, content: Content, length: number, position: number): void {
  let start = 0;
  const writeUntil = (end: number): void => {
    if (end > start) writeAll(context, content, start, end, position + start);
  };
  for (let at = 0; at < length; ) {
    const unit = Math.min(HOLE_UNIT, length - at);
    if (context.buffer.compare(zeros, 0, unit, at, at + unit) === 0) {
      writeUntil(at);
      start = at + unit;
    }
    at += unit;
  }
  writeUntil(length);
}

// Writes a part of the buffer. A short write is not an error yet: the next call reports a full disk.
function writeAll(context: Context, content: Content, start: number, end: number, position: number): void {
  for (let from = start; from < end; ) {
    const n = write(context, content, from, end, position === NEXT ? NEXT : position + from - start);
    // Otherwise a file system that writes nothing without an error would cause an endless loop.
    if (n === 0) throw entryError(content.path, 'destination', 'write', 'EIO', 'nothing was written');
    from += n;
  }
}

// A hole costs nothing to copy, but its zeros, maybe petabytes, have to be hashed.
function skipHole(context: Context, length: number, observe: Observer | null): void {
  if (observe === null) return context.heartbeat.skipped(length);
  for (let left = length; left > 0; left -= HOLE_UNIT) {
    const unit = Math.min(HOLE_UNIT, left);
    observe(zeros.subarray(0, unit));
    context.heartbeat.skipped(unit);
  }
}

const OTHERWISE = ['mode', 'uid', 'gid', 'nlink'] as const;

/** Throws when the file has changed since its copy began. */
export function checkUnchanged(context: Context, path: RawPath, source: Handle, stat: SourceState): void {
  const now = attempt(path, 'source', 'stat', () => context.fs.stat(source));
  if (now.size > stat.size) throw changed(path, 'grew while it was read');
  if (now.size < stat.size) throw changed(path, 'shrank while it was read');
  if (now.mtime !== stat.mtime || now.mtimeNs !== stat.mtimeNs) throw changed(path, 'changed while it was read');
  // A program that restores the mtime after writing (encrypted containers) cannot restore the ctime. Changes of mode, owner and
  // link count update it too, without a change of content.
  const isOtherwiseSame = OTHERWISE.every((field) => now[field] === stat[field]);
  if (now.changedMs !== stat.changedMs && isOtherwiseSame) throw changed(path, 'changed while it was read');
}

// Files in /proc and the like have size 0 and content; an ordinary file that was empty has grown.
function checkStillSizeless(context: Context, path: RawPath, source: Handle): void {
  const now = attempt(path, 'source', 'stat', () => context.fs.stat(source));
  if (now.size > 0) throw changed(path, 'grew while it was read');
}

function changed(path: RawPath, message: string): Error {
  return entryError(path, 'source', 'read', 'EPCOPY_CHANGED', message);
}
