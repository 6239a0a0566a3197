// struct posix_acl_xattr_entry, as the kernel gives an ACL: 4 bytes of version, then tag 2, permissions 2, id 4.
const HEADER = 4;
const ENTRY = 8;
const USER = 0x02;
const GROUP_OBJ = 0x04;
const GROUP = 0x08;
const MASK = 0x10;
/** Not restricted yet. */
const ALL = -1;

/**
 * The mode that gives nobody more rights than this mode together with this ACL. With an ACL the group bits are its mask, not the
 * rights of the group; and a named user may have fewer rights than others.
 * @param acl null: unknown
 */
export function modeWithoutAcl(mode: number, acl: Buffer | null): number {
  if (acl === null) return mode & ~0o077;
  let mask = 7;
  let group = 7;
  const named = { users: ALL, groups: ALL };
  for (let at = HEADER; at + ENTRY <= acl.length; at += ENTRY) {
    const tag = acl.readUInt16LE(at);
    const permissions = acl.readUInt16LE(at + 2) & 7;
    if (tag === MASK) mask = permissions;
    if (tag === GROUP_OBJ) group = permissions;
    if (tag === USER) named.users &= permissions;
    if (tag === GROUP) named.groups &= permissions;
  }
  // The mask applies to named users and groups and to the owning group.
  const users = named.users === ALL ? 7 : named.users & mask;
  const groups = named.groups === ALL ? 7 : named.groups & mask;
  return (mode & ~0o077) | ((group & mask & users) << 3) | (mode & 7 & users & groups);
}
