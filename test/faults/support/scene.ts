import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type Item, survey } from '../../support/compare.ts';
import { Random } from '../../support/random.ts';
import { directory, file, hardlink, plant, symlink, type Tree } from '../../support/tree.ts';

const then = (seconds: number): bigint => BigInt(1_500_000_000 + seconds) * 1_000_000_000n + 123_456_000n;

/** A small tree with one of each kind of work in it. Its times have no nanoseconds, which the node driver cannot keep. */
export function smallTree(): Tree {
  const random = new Random(7);
  return {
    '': directory({ mode: 0o751, mtime: then(1) }),
    d: directory({ mode: 0o755, mtime: then(2) }),
    'd/a': file('the new a', { mode: 0o640, mtime: then(3) }),
    'd/big': file(random.bytes(300_000), { mode: 0o644, mtime: then(4) }),
    'd/hole': { type: 'sparse', size: 1 << 20, data: [[500_000, 'data']], mode: 0o600, mtime: then(5) },
    'd/link': symlink('a', { mtime: then(6) }),
    'd/one': file('one', { mtime: then(7), mode: 0o644 }),
    'e/two': hardlink('d/one'),
    e: directory({ mode: 0o711, mtime: then(8) }),
    'e/empty': file('', { mtime: then(9), mode: 0o644 }),
    'e/x': file('x', { mtime: then(10), mode: 0o644 }),
  };
}

/** A file that several workers share (above 64 MiB), mostly a hole, and one beside it. */
export function splitTree(): Tree {
  const mebibyte = 1 << 20;
  const data: [number, string][] = [0, 31, 33, 65].map((at) => [at * mebibyte + 5, `data at ${at}`]);
  return {
    '': directory({ mode: 0o755, mtime: then(1) }),
    d: directory({ mode: 0o755, mtime: then(2) }),
    'd/a': file('the new a', { mode: 0o640, mtime: then(3) }),
    'd/huge': { type: 'sparse', size: 66 * mebibyte, data, mode: 0o640, mtime: then(4) },
  };
}

/** Enough files that a run takes a moment, in directories with modes of their own, links among them, and one to be split. */
export function busyTree(): Tree {
  const random = new Random(11);
  const tree: Tree = { '': directory({ mode: 0o751, mtime: then(0) }) };
  for (let i = 0; i < 90; i++) {
    const dir = `d${i % 6}/e${i % 4}`;
    tree[dir] ??= directory({ mode: [0o755, 0o700, 0o711, 0o555][i % 4] ?? 0o755, mtime: then(i + 1) });
    tree[`${dir}/f${i}`] = file(random.bytes(random.below(40_000)), { mode: 0o644, mtime: then(1000 + i) });
  }
  for (let i = 0; i < 6; i++) tree[`d${i}`] = directory({ mode: 0o750, mtime: then(500 + i) });
  tree['d1/again'] = hardlink('d0/e0/f0');
  tree['d2/again'] = hardlink('d0/e0/f0');
  tree['d3/link'] = symlink('e1', { mtime: then(700) });
  const mebibyte = 1 << 20;
  const data: [number, Buffer][] = Array.from({ length: 12 }, (_, i) => [i * 6 * mebibyte, random.bytes(50_000)]);
  tree['d4/huge'] = { type: 'sparse', size: 72 * mebibyte, data, mode: 0o640, mtime: then(800) };
  return tree;
}

/** What the destination holds before each run: something to replace, something to keep. */
export function plantOld(destination: string): void {
  mkdirSync(`${destination}/d`, { recursive: true });
  mkdirSync(`${destination}/gone/deep`, { recursive: true });
  writeFileSync(`${destination}/gone/deep/file`, 'not in the source either');
  writeFileSync(`${destination}/d/a`, 'the old a');
  symlinkSync('elsewhere', `${destination}/d/link`);
  writeFileSync(`${destination}/d/kept`, 'not in the source');
}

export function plantSource(at: string, tree: Tree): Map<string, Item> {
  plant(at, tree);
  return survey(at);
}

/** Temporary files below the directory, as paths relative to it. A run may have ended before it made the directory. */
export function temporaryFiles(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: 'latin1' }).filter((path) => /(^|\/)\.pcopy-/.test(path));
}
