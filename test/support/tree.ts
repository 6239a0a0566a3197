import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bytes, inside, parentOf, type Raw } from './bytes.ts';

export interface Attributes {
  /** All twelve bits. Default: what the umask leaves; of a symbolic link: none. */
  mode?: number;
  /** Nanoseconds since 1970, negative before. `atime` alone means both. */
  atime?: bigint;
  mtime?: bigint;
  uid?: number;
  gid?: number;
  xattrs?: Record<string, string>;
  /** Permissions for numbered users beside the mode's own three classes; `rw` is 6. */
  acl?: Record<number, number>;
  /** What new entries of a directory get. */
  defaultAcl?: Record<number, number>;
}

export type Entry = Attributes &
  (
    | { type: 'directory' }
    | { type: 'file'; content: string | Buffer }
    | { type: 'sparse'; size: number; data: readonly [offset: number, content: string | Buffer][] }
    | { type: 'symlink'; target: Raw }
    | { type: 'hardlink'; to: Raw }
    | { type: 'fifo' }
    | { type: 'socket' }
    | { type: 'character-device' | 'block-device'; major: number; minor: number }
  );

/** By path relative to the top; '' is the top itself. Parents that are not named are made. */
export type Tree = Record<Raw, Entry>;

export const directory = (attributes: Attributes = {}): Entry => ({ type: 'directory', ...attributes });
export const file = (content: string | Buffer = '', attributes: Attributes = {}): Entry => ({
  type: 'file',
  content,
  ...attributes,
});
export const symlink = (target: Raw, attributes: Attributes = {}): Entry => ({
  type: 'symlink',
  target,
  ...attributes,
});
export const hardlink = (to: Raw): Entry => ({ type: 'hardlink', to });
export const fifo = (attributes: Attributes = {}): Entry => ({ type: 'fifo', ...attributes });
export const socket = (attributes: Attributes = {}): Entry => ({ type: 'socket', ...attributes });

/** Makes the tree at `root`, which may exist. Attributes are set last, deepest first. */
export function plant(root: string, tree: Tree): void {
  mkdirSync(root, { recursive: true });
  const made = new Set<Raw>(['']);
  const makeParents = (path: Raw) => {
    if (made.has(path)) return;
    makeParents(parentOf(path));
    mkdirSync(inside(root, path), { recursive: true });
    made.add(path);
  };
  const entries = Object.entries(tree);
  const isLater = (entry: Entry) => entry.type === 'hardlink';
  for (const [path, entry] of [...entries.filter(([, e]) => !isLater(e)), ...entries.filter(([, e]) => isLater(e))]) {
    makeParents(entry.type === 'directory' ? path : parentOf(path));
    make(root, path, entry);
  }
  stamp(root, entries);
}

function make(root: string, path: Raw, entry: Entry): void {
  const at = inside(root, path);
  switch (entry.type) {
    case 'file':
      writeFileSync(at, entry.content);
      break;
    case 'sparse':
      makeSparse(at, entry.size, entry.data);
      break;
    case 'symlink':
      symlinkSync(bytes(entry.target), at);
      break;
    case 'hardlink':
      linkSync(inside(root, entry.to), at);
      break;
    default: // Directories are made already, FIFOs, sockets and devices by `stamp`.
  }
}

function makeSparse(at: Buffer, size: number, data: readonly [number, string | Buffer][]): void {
  const fd = openSync(at, 'wx');
  ftruncateSync(fd, size);
  for (const [offset, content] of data) {
    const buffer = Buffer.from(content);
    writeSync(fd, buffer, 0, buffer.length, offset);
  }
  closeSync(fd);
}

function stamp(root: string, entries: [Raw, Entry][]): void {
  const work = entries.filter(([, entry]) => needsStamp(entry)).sort(([a], [b]) => depth(b) - depth(a));
  if (work.some(([, entry]) => isBeyondNode(entry))) stampWithPython(root, work);
  else for (const [path, entry] of work) stampWithNode(inside(root, path), entry);
}

function needsStamp(entry: Entry): boolean {
  const attributes = ['mode', 'atime', 'mtime', 'uid', 'gid', 'xattrs', 'acl', 'defaultAcl'];
  return SPECIAL.includes(entry.type) || attributes.some((name) => name in entry);
}

const SPECIAL = ['fifo', 'socket', 'character-device', 'block-device'];

/** node:fs sets times in microseconds, of 1970 and later, and knows nothing of mknod and extended attributes. */
function isBeyondNode({ type, xattrs, acl, defaultAcl, atime = 0n, mtime = 0n }: Entry): boolean {
  const exact = [atime, mtime].every((time) => time >= 0n && time % 1000n === 0n && time < 4n * 10n ** 18n);
  return SPECIAL.includes(type) || xattrs !== undefined || acl !== undefined || defaultAcl !== undefined || !exact;
}

/** The order matters: a change of owner clears setuid. */
function stampWithNode(at: Buffer, { type, uid = -1, gid = -1, mode, atime, mtime }: Entry): void {
  if (uid !== -1 || gid !== -1) lchownSync(at, uid, gid);
  if (mode !== undefined && type !== 'symlink') chmodSync(at, mode);
  const [access, modification] = [atime ?? mtime, mtime ?? atime];
  if (access !== undefined && modification !== undefined) lutimesSync(at, seconds(access), seconds(modification));
}

function seconds(ns: bigint): number {
  return Number(ns / 1000n) / 1e6;
}

const STAMP = fileURLToPath(new URL('stamp.py', import.meta.url));

/** In one child process for the whole tree. */
function stampWithPython(root: string, work: [Raw, Entry][]): void {
  const input = JSON.stringify(
    work.map(([path, entry]) => ({
      path: inside(root, path).toString('latin1'),
      type: entry.type,
      mode: entry.mode,
      atime: (entry.atime ?? entry.mtime)?.toString(),
      mtime: (entry.mtime ?? entry.atime)?.toString(),
      uid: entry.uid,
      gid: entry.gid,
      xattrs: attributesOf(entry),
      device: 'major' in entry ? [entry.major, entry.minor] : undefined,
    })),
  );
  const { status, stderr, error } = spawnSync('python3', [STAMP], { input });
  if (status !== 0) throw new Error(`could not set attributes: ${error ?? stderr}`);
}

function depth(path: Raw): number {
  return path === '' ? -1 : path.split('/').length;
}

/** Values in hex. POSIX ACLs are attributes too, in the kernel's own format. */
function attributesOf({ xattrs = {}, acl, defaultAcl, mode = 0o644 }: Entry): Record<string, string> {
  const all = Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value).toString('hex')]);
  if (acl) all.push(['system.posix_acl_access', encodeAcl(acl, mode)]);
  if (defaultAcl) all.push(['system.posix_acl_default', encodeAcl(defaultAcl, mode)]);
  return Object.fromEntries(all);
}

function encodeAcl(users: Record<number, number>, mode: number): string {
  const nobody = 0xffffffff;
  const entries: [tag: number, permissions: number, id: number][] = [
    [0x01, (mode >> 6) & 7, nobody],
    ...Object.entries(users).map(([id, permissions]): [number, number, number] => [0x02, permissions, Number(id)]),
    [0x04, (mode >> 3) & 7, nobody],
    [0x10, 7, nobody],
    [0x20, mode & 7, nobody],
  ];
  const out = Buffer.alloc(4 + 8 * entries.length);
  out.writeUInt32LE(2, 0);
  entries.forEach(([tag, permissions, id], i) => {
    out.writeUInt16LE(tag, 4 + 8 * i);
    out.writeUInt16LE(permissions, 6 + 8 * i);
    out.writeUInt32LE(id, 8 + 8 * i);
  });
  return out.toString('hex');
}
