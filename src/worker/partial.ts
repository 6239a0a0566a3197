import { CopyError } from '../api/errors.ts';
import type { RawPath } from '../api/names.ts';
import { attempt } from '../fs/entry-error.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import { isRunning } from '../fs/stale-temporary.ts';
import { SystemError } from '../fs/system-error.ts';
import { parseTemporaryName, partialName } from '../fs/temporary-name.ts';
import { abort, type StagedFile } from './atomic-write.ts';
import { RECORD } from './attributes.ts';
import { type Content, checkUnchanged, copyRange } from './content.ts';
import { type Context, type Entry, lose } from './context.ts';
import { beginNamed, GUARDED } from './temporary-file.ts';

// `--partial`: what was written of a big file outlives its run under a temporary name. An extended attribute says how much
// of which source is known to be on the disk: whoever owns the directory may give any file such a name, but only the
// file's owner gives it attributes. So there is none where the file system has no attributes, or no locks.

/** Files of this size or more are kept, in bytes. */
const KEPT_FROM = 64 * 1024 * 1024;
/** After so many bytes it is made sure that they are on the disk. */
const STEP = 32 * 1024 * 1024;

/** A file that is kept when its copy is interrupted. */
export interface PartialFile extends StagedFile {
  temporary: RawPath;
  /** Bytes from the start that are known to be on the disk. */
  done: number;
  /** Whether it says so itself. */
  isRecorded: boolean;
}

/** Whether the file is one that `--partial` is about. */
export function isKept({ config }: Context, { size }: Stat): boolean {
  return config.partial && size >= KEPT_FROM;
}

/** Goes on with what an earlier run has left of this very source, or begins the file. What it left of another state goes. */
export function beginPartial(context: Context, entry: Entry, source: Stat): PartialFile {
  const { fs, config } = context;
  const { destinationDir, path } = entry;
  const names: RawPath[] = [];
  attempt(path, 'destination', 'list', () =>
    fs.list(destinationDir, (name) => {
      if (parseTemporaryName(name)?.isPartial === true) names.push(name);
    }),
  );
  let best: PartialFile | null = null;
  for (const name of names) {
    const found = open(context, entry, name, source);
    if (found === null) continue;
    const isBetter: boolean = found.done > (best?.done ?? 0);
    const worse: PartialFile | null = isBetter ? best : found;
    if (worse !== null) discard(context, entry, worse);
    if (isBetter) best = found;
  }
  if (best !== null) {
    const from = best.temporary;
    best.temporary = partialName(config.runMark, context.job);
    const to = best.temporary;
    attempt(path, 'destination', 'rename', () => fs.rename(destinationDir, from, destinationDir, to));
    return best;
  }
  const { handle, temporary } = beginNamed(context, entry, GUARDED);
  return { handle, temporary, guarded: true, reused: false, done: 0, isRecorded: false };
}

/** @returns null for what is another entry's, or another process still writes */
function open(context: Context, entry: Entry, name: RawPath, source: Stat): PartialFile | null {
  const { fs } = context;
  const { sourceDir, destinationDir } = entry;
  let handle: Handle | null = null;
  let found: PartialFile | null = null;
  try {
    if (fs.statAt(sourceDir, name) !== null) return null;
    handle = fs.openWrite(destinationDir, name);
    const { type, uid, mode, nlink, identity } = fs.stat(handle);
    const isOurs = type === 'f' && uid === process.geteuid?.() && mode === GUARDED && nlink === 1;
    if (!isOurs || !lockDead(context, handle, name)) return null;
    if (fs.statAt(destinationDir, name)?.identity !== identity) return null;
    const record = fs.xattrs?.get(handle, RECORD).toString('latin1') ?? '';
    const [, done, state, newName] = /^(\d+) (\S+) (.+)$/s.exec(record) ?? [];
    if (newName !== entry.newName) return null;
    const isSame = state === stateOf(source) && Number(done) <= source.size;
    found = {
      handle,
      temporary: name,
      guarded: true,
      reused: true,
      done: isSame ? Number(done) : 0,
      isRecorded: true,
    };
    return found;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return null; // Not ours to open, gone, or without a record.
  } finally {
    if (handle !== null && found === null) fs.close(handle);
  }
}

// Whoever outlives a killed run notices that it is dead after the current call, which may be a long one.
function lockDead({ fs, heartbeat }: Context, handle: Handle, name: RawPath): boolean {
  for (;;) {
    if (fs.lock(handle, 'exclusive') === true) return true;
    const made = parseTemporaryName(name);
    if (made === null || !made.isHere || isRunning(made.pid)) return false;
    heartbeat.pause(20);
  }
}

// Not the device, whose number may be another one when it is connected again.
function stateOf({ identity, size, mtime, mtimeNs, changedMs }: Stat): string {
  return [identity.slice(identity.lastIndexOf(':') + 1), size, mtime, mtimeNs, changedMs].join(',');
}

/** Copies what is missing. Throws as `copyContent` does. @returns bytes of content */
export function copyRest(context: Context, entry: Entry, content: Content, file: PartialFile, stat: Stat): number {
  const { fs, heartbeat } = context;
  const { path, source } = content;
  const holes = stat.blocks * 512 < stat.size;
  attempt(path, 'destination', 'set size', () => fs.truncate(file.handle, stat.size));
  heartbeat.skipped(file.done);
  let isRefused = parseTemporaryName(file.temporary)?.isLocked !== true;
  for (let at = file.done; at < stat.size; ) {
    const end = Math.min(at + STEP, stat.size);
    copyRange(context, content, { start: at, end }, holes);
    at = end;
    if (!isRefused && at < stat.size) isRefused = !record(context, entry, file, stat, at);
  }
  if (isRefused) lose(context, 'partial');
  checkUnchanged(context, path, source, stat);
  if (file.isRecorded) attempt(path, 'destination', 'remove attribute', () => fs.xattrs?.remove(file.handle, RECORD));
  file.isRecorded = false;
  return stat.size;
}

// In this order: nothing is claimed that a power cut could take back, and nothing has the name that makes no claim.
function record(context: Context, entry: Entry, file: PartialFile, stat: Stat, done: number): boolean {
  const { fs, config } = context;
  const { destinationDir, path, newName } = entry;
  attempt(path, 'destination', 'fsync', () => fs.sync(file.handle));
  try {
    const claim = `${done} ${stateOf(stat)} ${newName}`;
    if (fs.xattrs === null) return false;
    fs.xattrs.set(file.handle, RECORD, Buffer.from(claim, 'latin1'));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return false;
  }
  if (!file.isRecorded) {
    const name = partialName(config.runMark, context.job);
    attempt(path, 'destination', 'rename', () => fs.rename(destinationDir, file.temporary, destinationDir, name));
    file.temporary = name;
    file.isRecorded = true;
  }
  return true;
}

/** Whether the file stays for a later run, after this failure. */
export function stays(file: StagedFile, error: unknown): boolean {
  if (!('isRecorded' in file) || file.isRecorded !== true) return false;
  // What was read of a source that is another one by now is of no use.
  return !(error instanceof CopyError && error.failure.code === 'EPCOPY_CHANGED');
}

function discard(context: Context, entry: Entry, file: PartialFile): void {
  abort(context, entry, file.temporary);
  context.fs.close(file.handle);
}
