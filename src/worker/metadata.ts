import type { RawPath } from '../api/names.ts';
import type { Handle, Stat } from '../fs/file-system.ts';
import { orNull } from '../fs/system-error.ts';
import { modeWithoutAcl } from './acl.ts';
import { ACCESS_ACL, dropAcl, readAttributes, removeExtraAttributes, writeAttributes } from './attributes.ts';
import { type Context, lose } from './context.ts';
import { keep, loseOrThrow } from './optional-metadata.ts';
import { setAndCheckTimes } from './times.ts';

const SPECIAL_BITS = 0o7000;
const SETGID = 0o2000;

/** An entry at the destination and the source of its metadata, both held by handle. */
export interface MetadataCopy {
  /** For attributes, with `archive` only. */
  source: Handle;
  stat: Stat;
  destination: Handle;
  /** Only its owner has access so far; the mode is still to be set. */
  guarded: boolean;
  /** It may have attributes already: inherited, or because it existed before the run. */
  hasAttributes: boolean;
}

/**
 * Copies metadata in a safe order. A change of owner clears setuid and capabilities, so bits and attributes follow it; an ACL
 * precedes the mode, since the group bits of a mode with an ACL are its mask and would give access to the whole group; times come
 * last, since every other step may change them.
 */
export function copyMetadata(context: Context, path: RawPath, copy: MetadataCopy): void {
  const { fs, config } = context;
  const { stat, destination, guarded, hasAttributes } = copy;
  if (config.archive) {
    copyRights(context, path, copy);
  } else {
    if (hasAttributes) dropAcl(fs.xattrs, destination, stat.type === 'd');
    // A directory keeps an inherited setgid bit, which gives new entries the group of its parents.
    const inherited = guarded && stat.type === 'd' ? fs.statKnown(destination).mode & SETGID : 0;
    if (guarded || hasAttributes) setMode(context, path, copy, (stat.mode & ~SPECIAL_BITS) | inherited);
  }
  try {
    setAndCheckTimes(context, destination, stat);
  } catch (error) {
    loseOrThrow(context, path, 'times', error);
  }
}

// Owner, attributes, mode. At no moment does anyone have more rights than at the source.
function copyRights(context: Context, path: RawPath, copy: MetadataCopy): void {
  const { fs } = context;
  const { source, stat, destination, guarded, hasAttributes } = copy;
  const attributes = readAttributes(context, source);
  const acl = attributes.get(ACCESS_ACL);
  const bare = acl === undefined ? stat.mode : modeWithoutAcl(stat.mode, acl);
  if (!guarded) narrow(context, destination, bare);
  const owned = keep(context, path, 'owner', () => fs.setOwner(destination, stat.uid, stat.gid));
  // Setuid and setgid are only set together with the owner.
  const special = owned ? stat.mode & SPECIAL_BITS : 0;
  if (!owned) giveGroup(context, destination, stat);
  if (hasAttributes) removeExtraAttributes(context, path, destination, attributes);
  const hasAcl = writeAttributes(context, path, destination, attributes);
  setMode(context, path, copy, ((hasAcl ? stat.mode : bare) & ~SPECIAL_BITS) | special);
}

// The mode of a link is not used.
function setMode(context: Context, path: RawPath, { stat, destination }: MetadataCopy, mode: number): void {
  if (stat.type !== 'l') keep(context, path, 'mode', () => context.fs.setMode(destination, mode));
}

// For a moment the old mode applies to the new owner and group.
function narrow(context: Context, destination: Handle, mode: number): void {
  const { fs } = context;
  const there = fs.stat(destination).mode;
  const both = there & (mode | ~0o077);
  if (both === there) return;
  // If that is not permitted, changing the owner is not either.
  orNull(() => fs.setMode(destination, both));
}

// An ordinary user cannot change the owner, but can set a group that they belong to.
function giveGroup(context: Context, destination: Handle, stat: Stat): void {
  if (stat.mode & SPECIAL_BITS) lose(context, 'mode');
  if (context.fs.stat(destination).uid === stat.uid) return;
  // A failure is counted as a loss of the owner.
  orNull(() => context.fs.setOwner(destination, 0xffffffff, stat.gid));
}
