import type { RawPath } from '../api/names.ts';
import type { ExtendedAttributes, FileSystem, Handle } from '../fs/file-system.ts';
import { codeOf, orNull, SystemError } from '../fs/system-error.ts';
import { type Context, lose } from './context.ts';
import { keep } from './optional-metadata.ts';

export const ACCESS_ACL = 'system.posix_acl_access';
const DEFAULT_ACL = 'system.posix_acl_default';
/** The record of `--partial`. Never copied: the owner of the source could claim anything with it. */
export const RECORD = 'user.pcopy.partial';

// Others belong to the system: security modules label files by their own rules.
const REMOVABLE = /^(user\.|trusted\.|security\.capability$|system\.posix_acl_)/;

/** Extended attributes by name, ACLs among them; null for a value that could not be read. */
export type Attributes = ReadonlyMap<RawPath, Buffer | null>;

/** The attributes of a source; empty where they are not supported. */
export function readAttributes(context: Context, source: Handle): Attributes {
  const { xattrs } = context.fs;
  const found = new Map<RawPath, Buffer | null>();
  if (xattrs === null) return found; // Reported once, at the start of the run.
  for (const attribute of namesOf(context, xattrs, source)) {
    found.set(
      attribute,
      orNull(() => xattrs.get(source, attribute)),
    );
  }
  return found;
}

function namesOf(context: Context, xattrs: ExtendedAttributes, handle: Handle): RawPath[] {
  try {
    return xattrs.list(handle).filter((name) => name !== RECORD);
  } catch (error) {
    // ENOENT: the entry is not open, and there is no /proc.
    if (!['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOENT'].includes(codeOf(error))) lose(context, 'xattr');
    return [];
  }
}

/**
 * Sets these attributes at the destination. ACLs come last: they give access to others, and may deny an ordinary user the right to
 * write more attributes.
 * @returns false when the access ACL could not be set
 */
export function writeAttributes(context: Context, path: RawPath, destination: Handle, wanted: Attributes): boolean {
  const { fs } = context;
  const { xattrs } = fs;
  if (xattrs === null) return true;
  let hasAcl = true;
  const acls = [...wanted.keys()].filter(isAcl);
  for (const attribute of [...[...wanted.keys()].filter((name) => !isAcl(name)), ...acls]) {
    const value = wanted.get(attribute) ?? null;
    const done = keep(context, path, kindOf(attribute), () => {
      if (value === null) throw new SystemError('ENODATA', 'getxattr');
      set(fs, xattrs, destination, attribute, value);
    });
    if (attribute === ACCESS_ACL) hasAcl = done;
  }
  return hasAcl;
}

/** Removes attributes that the source does not have. */
export function removeExtraAttributes(context: Context, path: RawPath, destination: Handle, wanted: Attributes): void {
  const { xattrs } = context.fs;
  if (xattrs === null) return;
  for (const attribute of namesOf(context, xattrs, destination)) {
    if (wanted.has(attribute) || !REMOVABLE.test(attribute)) continue;
    keep(context, path, kindOf(attribute), () => xattrs.remove(destination, attribute));
  }
}

/** Whether new entries of the directory inherit an ACL. */
export function hasDefaultAcl(xattrs: ExtendedAttributes | null, dir: Handle): boolean {
  return xattrs?.has(dir, DEFAULT_ACL) ?? false;
}

/** Removes an inherited ACL. */
export function dropAcl(xattrs: ExtendedAttributes | null, handle: Handle, isDirectory: boolean): void {
  for (const attribute of isDirectory ? [ACCESS_ACL, DEFAULT_ACL] : [ACCESS_ACL]) {
    orNull(() => xattrs?.remove(handle, attribute)); // It may have none.
  }
}

/** Whether copying the attributes would change nothing. */
export function hasSameAttributes(context: Context, source: Handle, destination: Handle): boolean {
  const [wanted, there] = [readAttributes(context, source), readAttributes(context, destination)];
  for (const [name, value] of wanted) {
    const has = there.get(name);
    if (!value || !has?.equals(value)) return false;
  }
  return [...there.keys()].every((name) => wanted.has(name) || !REMOVABLE.test(name));
}

function set(fs: FileSystem, xattrs: ExtendedAttributes, handle: Handle, attribute: RawPath, value: Buffer): void {
  try {
    xattrs.set(handle, attribute, value);
  } catch (error) {
    // ext4 reports ENOSPC for an attribute that is too large.
    if (codeOf(error) === 'ENOSPC' && hasRoom(fs, handle)) throw new SystemError('E2BIG', 'setxattr');
    throw error;
  }
}

/** Bytes: more than any attribute needs. */
const ROOM = 1 << 20;

function hasRoom(fs: FileSystem, handle: Handle): boolean {
  const { free, hasInodes } = fs.space(handle);
  return free > ROOM && hasInodes;
}

function isAcl(attribute: RawPath): boolean {
  return attribute.startsWith('system.posix_acl_');
}

function kindOf(attribute: RawPath): string {
  return isAcl(attribute) ? 'acl' : 'xattr';
}
