import type { RawPath } from '../api/names.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { modeWithoutAcl } from './acl.ts';
import { ACCESS_ACL, dropAcl, readAttributes, removeExtraAttributes, writeAttributes } from './attributes.ts';
import { type Context, lose } from './context.ts';
import { keep } from './keep.ts';
import { setAndCheckTimes } from './times.ts';

const SPECIAL_BITS = 0o7000;
const SETGID = 0o2000;

/** An entry at the destination that is to get the metadata of its source, both held by handle. */
export interface MetadataCopy {
  /** For its attributes: needed with `archive` only. */
  source: Handle;
  stat: Stat;
  destination: Handle;
  /** Nobody but the owner can get at it so far; its mode is still to be set. */
  guarded: boolean;
  /** It may have attributes already: inherited from its directory, or because it was there before the run. */
  hasAttributes: boolean;
}

/**
 * Copies metadata in an order that is a matter of safety. A change of owner clears setuid and capabilities, so bits and
 * attributes come after it; an ACL comes before the mode, since the group bits of a mode with an ACL are its mask and would let
 * the whole group in; times come last, since every other step may touch them.
 */
export function copyMetadata(context: Context, path: RawPath, copy: MetadataCopy): void {
  const { fs, config } = context;
  const { stat, destination, guarded, hasAttributes } = copy;
  if (config.archive) {
    copyRights(context, path, copy);
  } else {
    if (hasAttributes) dropAcl(fs.xattrs, destination, stat.type === 'd');
    // A directory keeps the setgid bit that it was made with: what comes into it belongs to the group of those above it.
    const inherited = guarded && stat.type === 'd' ? fs.stat(destination).mode & SETGID : 0;
    if (guarded || hasAttributes) setMode(context, path, copy, (stat.mode & ~SPECIAL_BITS) | inherited);
  }
  keep(context, path, 'times', () => setAndCheckTimes(context, destination, stat));
}

// Owner, attributes, mode. At no moment may anybody do more than at the source.
function copyRights(context: Context, path: RawPath, copy: MetadataCopy): void {
  const { fs } = context;
  const { source, stat, destination, guarded, hasAttributes } = copy;
  const attributes = readAttributes(context, source);
  const acl = attributes.get(ACCESS_ACL);
  const bare = acl === undefined ? stat.mode : modeWithoutAcl(stat.mode, acl);
  if (!guarded) narrow(context, destination, bare);
  const owned = keep(context, path, 'owner', () => fs.setOwner(destination, stat.uid, stat.gid));
  // Bits that lend the owner's rights go only with the owner.
  const special = owned ? stat.mode & SPECIAL_BITS : 0;
  if (!owned) giveGroup(context, destination, stat);
  if (hasAttributes) removeExtraAttributes(context, path, destination, attributes);
  const hasAcl = writeAttributes(context, path, destination, attributes);
  setMode(context, path, copy, ((hasAcl ? stat.mode : bare) & ~SPECIAL_BITS) | special);
}

// A link has none that counts.
function setMode(context: Context, path: RawPath, { stat, destination }: MetadataCopy, mode: number): void {
  if (stat.type !== 'l') keep(context, path, 'mode', () => context.fs.setMode(destination, mode));
}

// What is there keeps its mode for a moment under a new owner and group, who are not those it was meant for.
function narrow(context: Context, destination: Handle, mode: number): void {
  const { fs } = context;
  const there = fs.stat(destination).mode;
  const both = there & (mode | ~0o077);
  if (both === there) return;
  // What is not ours to change keeps its owner too.
  orNull(() => fs.setMode(destination, both));
}

// An ordinary user cannot give files away, but may keep a group that is one of their own.
function giveGroup(context: Context, destination: Handle, stat: Stat): void {
  if (stat.mode & SPECIAL_BITS) lose(context, 'mode');
  if (context.fs.stat(destination).uid === stat.uid) return;
  // A failure is counted with the owner.
  orNull(() => context.fs.setOwner(destination, 0xffffffff, stat.gid));
}
