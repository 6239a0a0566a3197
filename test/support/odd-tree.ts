import { parentOf, utf8 } from './bytes.ts';
import { Random } from './random.ts';
import { directory, type Entry, fifo, file, hardlink, socket, symlink, type Tree } from './tree.ts';

/** Every name that has ever broken a copier, a shell or a terminal. All are legal on Linux. */
export const ODD_NAMES: readonly string[] = [
  'new\nline',
  'carriage\rreturn',
  'tab\tstop',
  'bell\x07escape\x1b[31mred',
  "single'quote",
  'double"quote',
  'back`tick`$(touch x)',
  '-n',
  '--delete',
  '-',
  ' leading and trailing ',
  'star*',
  'question?',
  '[a-z]',
  '{a,b}',
  'back\\slash',
  '!bang',
  '#hash',
  '(a|b)+(c)',
  '...',
  '.hidden',
  '.git',
  '.gitignore~',
  'node_modules',
  '%s%n',
  '__proto__',
  'constructor',
  utf8('emoji 🐑'),
  utf8('caf\u00e9'),
  utf8('cafe\u0301'),
  utf8('right to left \u202etxt'),
  utf8('中文'),
  'latin1 \xe9',
  'not utf-8 \xff\xfe',
  'cut \xf0\x9f\x90',
  'x'.repeat(255),
  '\xff'.repeat(255),
];

export interface OddTreeOptions {
  seed?: number;
  /** Owners, setuid, setgid and sticky bits, devices: needs root to make. */
  privileged?: boolean;
  /** Extended attributes and ACLs. */
  attributes?: boolean;
  /** FIFOs and sockets. */
  special?: boolean;
  /** Entries that only their owner's privilege can read (mode 0000). Default true. */
  unreadable?: boolean;
}

/** A tree with one of everything. Each entry has times of its own, nanoseconds included. */
export function oddTree(options: OddTreeOptions = {}): Tree {
  const random = new Random(options.seed ?? 1);
  const tree: Tree = {
    '': directory({ mode: 0o751 }),
    ...names(),
    ...links(),
    ...modes(options.unreadable ?? true),
    ...contents(random),
    ...times(),
    ...(options.special ? special() : {}),
    ...(options.attributes ? attributes() : {}),
    ...(options.privileged ? privileged() : {}),
  };
  nameParents(tree);
  for (const entry of Object.values(tree)) giveTimes(entry, random);
  return tree;
}

function nameParents(tree: Tree): void {
  for (const path of Object.keys(tree)) {
    for (let up = parentOf(path); up !== ''; up = parentOf(up)) tree[up] ??= directory();
  }
}

function names(): Tree {
  const tree: Tree = { 'empty directory': directory(), 'empty/in/empty': directory() };
  for (const [i, name] of ODD_NAMES.entries()) {
    tree[`names/files/${name}`] = file(`file ${i}`);
    tree[`names/directories/${name}/${name}`] = file(`inner ${i}`);
    tree[`names/links/${name}`] = symlink(name);
  }
  tree[Array.from({ length: 65 }, (_, i) => `level ${i}`).join('/')] = file('deep down');
  return tree;
}

function links(): Tree {
  return {
    'links/dangling': symlink('does not exist'),
    'links/loop': symlink('loop'),
    'links/ping': symlink('pong'),
    'links/pong': symlink('ping'),
    'links/to parent': symlink('..'),
    'links/to directory': symlink('../names'),
    'links/to file': symlink('../one'),
    'links/absolute': symlink('/etc/passwd'),
    'links/outside': symlink('../../../../../../etc'),
    'links/odd target': symlink('a\n\xff*'),
    'links/long target': symlink('t/'.repeat(500)),
    one: file('one'),
    two: hardlink('one'),
    'hard/links/three': hardlink('one'),
    'hard/four': file('four'),
    'hard/links/five': hardlink('hard/four'),
    'hard/empty': file(''),
    'hard/also empty': hardlink('hard/empty'),
    'hard/link to loop': hardlink('links/loop'),
  };
}

function modes(unreadable: boolean): Tree {
  const tree: Tree = {
    'modes/read-only/directory': directory({ mode: 0o555 }),
    'modes/read-only/directory/with': directory({ mode: 0o555 }),
    'modes/read-only/directory/with/file': file('read', { mode: 0o444 }),
    'modes/read-only': directory({ mode: 0o500 }),
  };
  for (let bits = 0; bits < 0o1000; bits += 0o111) {
    if (unreadable || bits & 0o400) tree[`modes/${bits.toString(8)}`] = file(`${bits}`, { mode: bits });
  }
  for (const bits of [0o001, 0o020, 0o640, 0o604, 0o467]) {
    if (unreadable || bits & 0o400) tree[`modes/mixed ${bits.toString(8)}`] = file(`${bits}`, { mode: bits });
  }
  if (unreadable) tree['modes/closed directory'] = directory({ mode: 0o000 });
  return tree;
}

function contents(random: Random): Tree {
  const tree: Tree = {};
  for (const size of [0, 1, 1023, 1024, 1025, 4096, 131_071, 131_073, 300_000]) {
    tree[`sizes/${size}`] = file(random.bytes(size));
  }
  tree['sizes/zeros'] = file(Buffer.alloc(100_000));
  tree['sparse/only a hole'] = { type: 'sparse', size: 1 << 20, data: [] };
  tree['sparse/data at the end'] = { type: 'sparse', size: (1 << 20) + 3, data: [[1 << 20, 'end']] };
  tree['sparse/hole at the end'] = { type: 'sparse', size: 3 << 20, data: [[0, 'start']] };
  const islands: [number, Buffer][] = [0, 1, 2].map((i) => [(i * 512 + 64) << 10, random.bytes(5000)]);
  tree['sparse/islands'] = { type: 'sparse', size: 2 << 20, data: islands };
  return tree;
}

const YEAR = 31_556_952n * 1_000_000_000n;

/** 1901 to 2200, and the edges of 31 bits and of zero. */
function times(): Tree {
  const tree: Tree = {};
  const edges = [-68n * YEAR, -1n, 0n, 1n, 2n ** 31n * 1_000_000_000n + 1n, 230n * YEAR + 123_456_789n];
  for (const mtime of edges) {
    tree[`times/file ${mtime}`] = file('', { mtime, atime: mtime + 1_000_000_001n });
    tree[`times/directory ${mtime}`] = directory({ mtime });
    tree[`times/link ${mtime}`] = symlink('x', { mtime });
  }
  return tree;
}

function special(): Tree {
  return {
    'special/fifo': fifo({ mode: 0o640 }),
    'special/socket': socket({ mode: 0o755 }),
    'special/second fifo': fifo({ mode: 0o600 }),
  };
}

function attributes(): Tree {
  return {
    'attributes/file': file('x', { xattrs: { 'user.one': '1', 'user.empty': '', 'user.large': 'v'.repeat(600) } }),
    'attributes/read-only file': file('x', { mode: 0o400, xattrs: { 'user.one': '1' } }),
    'attributes/directory': directory({ xattrs: { 'user.dir': 'yes' } }),
    'attributes/acl': file('x', { mode: 0o640, acl: { 1234: 6, 4321: 0 } }),
    'attributes/acl directory': directory({ mode: 0o750, acl: { 1234: 5 }, defaultAcl: { 1234: 7 } }),
    'attributes/acl directory/child': file('inherits nothing', { mode: 0o644 }),
    'attributes/acl directory/below': directory({ mode: 0o755 }),
  };
}

function privileged(): Tree {
  return {
    'owners/file': file('x', { uid: 1001, gid: 1002, mode: 0o644 }),
    'owners/directory': directory({ uid: 1001, gid: 1002, mode: 0o755 }),
    'owners/link': symlink('x', { uid: 1001, gid: 1002 }),
    'owners/setuid': file('x', { uid: 1001, gid: 1002, mode: 0o4755 }),
    'owners/setgid': file('x', { uid: 0, gid: 1002, mode: 0o2711 }),
    'owners/setgid directory': directory({ gid: 1002, mode: 0o2775 }),
    'owners/setgid directory/child': file('x', { gid: 0 }),
    'owners/sticky': directory({ mode: 0o1777 }),
    'owners/all bits': file('x', { mode: 0o7777 }),
    'owners/capability-like': file('x', { xattrs: { 'trusted.one': 'secret' } }),
    'owners/trusted directory': directory({ xattrs: { 'trusted.two': 'secret' } }),
    'owners/trusted link': symlink('x', { xattrs: { 'trusted.three': 'secret' } }),
    'devices/null': { type: 'character-device', major: 1, minor: 3, mode: 0o666 },
    'devices/block': { type: 'block-device', major: 7, minor: 200, mode: 0o660, uid: 1001 },
    'devices/fifo': fifo({ uid: 1001, gid: 1002, mode: 0o622 }),
  };
}

function giveTimes(entry: Entry, random: Random): void {
  if (entry.type === 'hardlink' || entry.mtime !== undefined) return;
  entry.mtime = BigInt(1_000_000_000 + random.below(700_000_000)) * 1_000_000_000n + BigInt(random.below(1e9));
  entry.atime = entry.mtime + BigInt(random.below(1e9));
}
