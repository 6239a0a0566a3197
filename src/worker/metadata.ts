import type { RawPath } from '../api/names.ts';
import { attempt } from '../fs/entry-error.ts';
import type { ExtendedAttributes, Handle, Stat } from '../fs/file-system.ts';
import { codeOf } from '../fs/system-error.ts';
import { type Context, lose } from './context.ts';

const ACCESS_ACL = 'system.posix_acl_access';
const DEFAULT_ACL = 'system.posix_acl_default';
const SPECIAL_BITS = 0o7000;

// The file system or our rights do not allow it: the entry is copied all the same, and the loss is counted.
const REFUSALS = new Set([
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EINVAL',
  'ENOSYS',
  'ENODATA',
  'ERANGE',
  'E2BIG',
]);

/**
 * Gives an open file or directory the metadata of its source. The order is a matter of safety: a change of owner clears
 * setuid and capabilities, so bits and attributes come after it; times come last, since every other step may touch them.
 */
export function copyMetadata(
  context: Context,
  path: RawPath,
  source: Handle,
  destination: Handle,
  stat: Stat,
  guarded: boolean,
  inheritsAcl: boolean,
): void {
  const { fs, config } = context;
  const { xattrs } = fs;
  let mode = stat.mode & ~SPECIAL_BITS;
  let setMode = guarded;
  if (config.archive) {
    const owned = keep(context, path, 'owner', () => fs.setOwner(destination, stat.uid, stat.gid));
    // Bits that lend the owner's rights go only with the owner.
    mode = owned ? stat.mode : giveGroup(context, path, destination, stat);
    setMode = true;
  }
  if (inheritsAcl && xattrs !== null) {
    dropAcl(xattrs, destination, ACCESS_ACL);
    if (stat.type === 'd') dropAcl(xattrs, destination, DEFAULT_ACL);
    setMode = true;
  }
  if (setMode) keep(context, path, 'mode', () => fs.setMode(destination, mode));
  if (config.archive) copyAttributes(context, path, source, null, destination, null);
  keepTimes(context, path, () => fs.setTimes(destination, stat));
}

/** The same for an entry that cannot be opened (a link, a FIFO, a device), by its name. */
export function copyMetadataAt(
  context: Context,
  path: RawPath,
  source: Handle,
  sourceName: RawPath,
  destination: Handle,
  name: RawPath,
  stat: Stat,
): void {
  const { fs, config } = context;
  if (config.archive) {
    const owned = keep(context, path, 'owner', () => fs.setOwnerAt(destination, name, stat.uid, stat.gid));
    if (stat.type !== 'l') {
      const mode = owned ? stat.mode : stat.mode & ~SPECIAL_BITS;
      keep(context, path, 'mode', () => fs.setModeAt(destination, name, mode));
    }
    copyAttributes(context, path, source, sourceName, destination, name);
  }
  keepTimes(context, path, () => fs.setTimesAt(destination, name, stat));
}

/** Whether what is made in this directory starts with access rights beyond its mode. */
export function hasDefaultAcl(xattrs: ExtendedAttributes | null, dir: Handle): boolean {
  return xattrs?.has(dir, DEFAULT_ACL) ?? false;
}

// An ordinary user cannot give files away, but may keep a group that is one of their own. Returns the mode that is safe then.
function giveGroup(context: Context, path: RawPath, destination: Handle, stat: Stat): number {
  const mine = context.fs.stat(destination).uid === stat.uid;
  if (mine && stat.mode & SPECIAL_BITS) lose(context, 'mode');
  if (!mine) {
    try {
      attempt(path, 'destination', 'chown', () => context.fs.setOwner(destination, 0xffffffff, stat.gid));
    } catch {
      // Counted with the owner.
    }
    if (stat.mode & SPECIAL_BITS) lose(context, 'mode');
  }
  return stat.mode & ~SPECIAL_BITS;
}

function copyAttributes(
  context: Context,
  path: RawPath,
  source: Handle,
  sourceName: RawPath | null,
  destination: Handle,
  name: RawPath | null,
): void {
  const { xattrs } = context.fs;
  if (xattrs === null) return; // Told once, at the start of the run.
  let attributes: RawPath[];
  try {
    attributes = xattrs.list(source, sourceName);
  } catch {
    return; // This file system has none.
  }
  for (const attribute of attributes) {
    const kind = attribute.startsWith('system.posix_acl_') ? 'acl' : 'xattr';
    keep(context, path, kind, () =>
      xattrs.set(destination, name, attribute, xattrs.get(source, sourceName, attribute)),
    );
  }
}

function dropAcl(xattrs: ExtendedAttributes, handle: Handle, attribute: RawPath): void {
  try {
    xattrs.remove(handle, null, attribute);
  } catch {
    // It has none.
  }
}

function keepTimes(context: Context, path: RawPath, step: () => boolean): void {
  keep(context, path, 'times', () => {
    if (!step()) lose(context, 'exact times');
  });
}

// Does the step, or counts that it is not allowed here. Other failures are failures of the entry.
function keep(context: Context, path: RawPath, kind: string, step: () => void): boolean {
  try {
    step();
    return true;
  } catch (error) {
    if (!REFUSALS.has(codeOf(error)))
      return attempt(path, 'destination', `set ${kind}`, () => {
        throw error;
      });
    lose(context, kind);
    return false;
  }
}
