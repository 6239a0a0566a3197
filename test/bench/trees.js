// The trees that are copied. The same arguments give the same names, sizes, bytes, modes and times on every machine.
import { closeSync, fchmodSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { tool } from './command.js';

const SEED = 20_240_229;
const DIRS_PER_GROUP = 100;
const OLDEST = 1_500_000_000;
const PIECE = 1024 * 1024;
const PAGE = 4096;

/** `files` files of `size` / 2 to `size` * 3 / 2 bytes, evenly over `dirs` directories that stand in groups of 100. */
export async function smallFiles(root, { files, dirs, size }, signal) {
  const path = (i) => join(root, `group-${Math.floor(i / DIRS_PER_GROUP)}`, `dir-${i}`);
  await fill(root, { files, dirs, size, path }, signal);
}

/** The same files and directories at any depth: `dirs` / `depth` chains of `depth` directories inside each other. */
export async function deepFiles(root, { files, dirs, size, depth }, signal) {
  const path = (i) => {
    const levels = Array.from({ length: (i % depth) + 1 }, (_, level) => `level-${level}`);
    return join(root, `chain-${Math.floor(i / depth)}`, ...levels);
  };
  await fill(root, { files, dirs, size, path }, signal);
}

/** One file in each of `files` pairs of directories, the one in the other. */
export async function pairedFiles(root, { files, size }, signal) {
  await fill(root, { files, dirs: files, size, path: (i) => join(root, `outer-${i}`, 'inner') }, signal);
}

/** One file of `bytes` bytes without a hole, in which each 4 KiB page carries its own offset. */
export async function bigFile(path, bytes, signal) {
  mkdirSync(dirname(path), { recursive: true });
  const piece = randomBytes(PIECE);
  const fd = openSync(path, 'wx', 0o644);
  try {
    for (let offset = 0; offset < bytes; offset += PIECE) {
      for (let page = 0; page < PIECE; page += PAGE) piece.writeBigUInt64LE(BigInt(offset + page), page);
      writeSync(fd, piece, 0, Math.min(PIECE, bytes - offset));
      await turn();
      signal.throwIfAborted();
    }
    futimesSync(fd, OLDEST, OLDEST);
  } finally {
    closeSync(fd);
  }
}

/**
 * What people really have: parts of /usr/share and its neighbours, in order, until `entries` entries or `bytes` bytes
 * are there. Differs from machine to machine, so the result says what it came to.
 */
export async function realTree(root, { entries, bytes }, signal) {
  const total = { entries: 0, bytes: 0, parts: [] };
  for (const part of await parts(signal)) {
    if (total.entries + part.entries > entries || total.bytes + part.bytes > bytes) continue;
    total.entries += part.entries;
    total.bytes += part.bytes;
    total.parts.push(part.path);
  }
  if (total.parts.length === 0) throw new Error('no part of /usr/share is small enough');
  for (const parent of new Set(total.parts.map((path) => dirname(path)))) {
    const paths = total.parts.filter((path) => dirname(path) === parent);
    mkdirSync(join(root, parent), { recursive: true });
    await tool(['cp', '-a', ...paths, join(root, parent)], { signal });
  }
  return total;
}

async function parts(signal) {
  const roots = [
    '/usr/share',
    '/usr/include',
    '/usr/lib/python3',
    '/usr/lib/node_modules',
    '/usr/lib/x86_64-linux-gnu',
  ];
  const found = [];
  for (const root of roots) {
    // du counts what it cannot read as an error, and a missing root is one too: neither matters here.
    const bytes = parseDu(await tool(['du', '-b', '--max-depth=1', root], { signal, accept: [0, 1] }));
    const inodes = parseDu(await tool(['du', '--inodes', '--max-depth=1', root], { signal, accept: [0, 1] }));
    bytes.delete(root);
    for (const path of [...bytes.keys()].sort()) {
      found.push({ path, bytes: bytes.get(path), entries: inodes.get(path) ?? 0 });
    }
  }
  return found;
}

function parseDu(text) {
  const lines = text.split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(line.indexOf('\t') + 1), Number.parseInt(line, 10)]));
}

async function fill(root, { files, dirs, size, path }, signal) {
  const random = mulberry32(SEED);
  const bytes = randomBytes(PIECE);
  mkdirSync(root, { recursive: true });
  for (let dir = 0, file = 0; dir < dirs; dir++) {
    const here = path(dir);
    mkdirSync(here, { recursive: true });
    for (const last = Math.round(((dir + 1) * files) / dirs); file < last; file++) {
      const length = Math.round(size * (0.5 + random()));
      const from = Math.floor(random() * (PIECE - length));
      writeFile(join(here, `file-${file}.dat`), bytes.subarray(from, from + length), random);
    }
    await turn();
    signal.throwIfAborted();
  }
}

function writeFile(path, data, random) {
  const fd = openSync(path, 'wx', 0o644);
  try {
    writeSync(fd, data);
    if (random() < 0.1) fchmodSync(fd, 0o755);
    const time = OLDEST + random() * 1e8;
    futimesSync(fd, time, time);
  } finally {
    closeSync(fd);
  }
}

function randomBytes(length) {
  const random = mulberry32(SEED);
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
  return Buffer.from(words.buffer);
}

/** Tommy Ettinger's Mulberry32: 32 bits of state, a number in [0, 1) a call. */
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
