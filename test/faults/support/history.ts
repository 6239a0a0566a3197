import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { Random } from '../../support/random.ts';

/** What an entry is at one moment; two entries in the same state cannot be told by what is in them. */
type State = string;

/** From this size on a file is known by its size and some bytes: it is mostly a hole, and looked at often. */
const BIG = 1 << 20;
const MARKS = [0, 33 << 20, 65 << 20];
const MARK = 16;

/** Every entry below a directory by its path. Links are followed where the copy follows them. */
export function statesOf(root: string, follow: boolean): Map<string, State> {
  const states = new Map<string, State>();
  const visit = (path: string, depth: number): void => {
    for (const name of readdirSync(`${root}/${path}`)) {
      const inner = path === '' ? name : `${path}/${name}`;
      const at = `${root}/${inner}`;
      const stat = (follow ? statSync : lstatSync)(at, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      states.set(inner, stateOf(at, stat));
      if (stat.isDirectory() && depth < 8) visit(inner, depth + 1);
    }
  };
  visit('', 0);
  return states;
}

function stateOf(at: string, stat: Stats): State {
  if (stat.isSymbolicLink()) return `link ${readlinkSync(at)}`;
  if (stat.isDirectory()) return 'directory';
  if (!stat.isFile()) return 'special';
  return stat.size < BIG ? `file ${readFileSync(at, 'latin1')}` : `big ${marksOf(at)}`;
}

function marksOf(at: string): string {
  const fd = openSync(at, 'r');
  const buffer = Buffer.alloc(MARK);
  const marks = MARKS.map((offset) => buffer.toString('latin1', 0, readSync(fd, buffer, 0, MARK, offset)));
  const { size } = fstatSync(fd);
  closeSync(fd);
  return `${size} ${marks.join(' ')}`;
}

/** One version of a big file, mostly a hole. */
export function writeBig(at: string, version: string, flags: 'w' | 'r+' = 'w'): void {
  const fd = openSync(at, flags);
  for (const offset of MARKS) writeSync(fd, version.padEnd(MARK, '.').slice(0, MARK), offset);
  closeSync(fd);
}

/**
 * A source that changes, and what it was after each change: nobody else writes to it, so between two changes it is what it
 * was after the first.
 */
export class History {
  /** All states of each path that ever was. `absent` is one. */
  private readonly all = new Map<string, Set<State>>();
  private readonly source: string;
  private readonly spare: string;
  private readonly follow: boolean;
  private versions = 0;
  readonly done: string[] = [];

  /** @param spare a directory of the same file system, for what is moved in and out */
  constructor(source: string, spare: string, follow: boolean) {
    this.source = source;
    this.spare = spare;
    this.follow = follow;
    mkdirSync(spare, { recursive: true });
    this.note();
  }

  statesOf(path: string): ReadonlySet<State> {
    return this.all.get(path) ?? new Set(['absent']);
  }

  /** Paths that were there all the time. */
  constant(): string[] {
    return [...this.all].filter(([, states]) => !states.has('absent')).map(([path]) => path);
  }

  /** Changes something, in one of all ways. Call it again and again. */
  change(random: Random): void {
    const now = [...statesOf(this.source, false)];
    const pick = (kind: RegExp): string | undefined => {
      const some = now.filter(([, state]) => kind.test(state));
      return some[random.below(some.length)]?.[0];
    };
    const names = Object.keys(CHANGES);
    const name = names[random.below(names.length)] ?? '';
    const { of, make } = CHANGES[name] as Change;
    const path = pick(of);
    if (path === undefined) return;
    const version = `version ${++this.versions}`;
    make(`${this.source}/${path}`, {
      spare: `${this.spare}/${this.versions}`,
      version,
      other: `${this.source}/${pick(of)}`,
      note: () => this.note(),
    });
    this.done.push(`${name} ${path}`);
    this.note();
  }

  private note(): void {
    const now = existsSync(this.source) ? statesOf(this.source, this.follow) : new Map<string, State>();
    const isFirst = this.all.size === 0;
    for (const path of new Set([...now.keys(), ...this.all.keys()])) {
      const states = this.all.get(path) ?? new Set(isFirst ? [] : ['absent']);
      this.all.set(path, states.add(now.get(path) ?? 'absent'));
    }
  }
}

interface Change {
  /** The states it can be done to. */
  of: RegExp;
  make: (at: string, with_: { spare: string; version: string; other: string; note: () => void }) => void;
}

const FILE = /^(file|big)/;

const CHANGES: Record<string, Change> = {
  replace: {
    of: /^file/,
    make: (at, { spare, version }) => {
      writeFileSync(spare, version.repeat(500));
      renameSync(spare, at);
    },
  },
  'replace the big': {
    of: /^big/,
    make: (at, { spare, version }) => {
      writeBig(spare, version);
      renameSync(spare, at);
    },
  },
  rewrite: { of: /^file/, make: (at, { version }) => rewrite(at, version) },
  truncate: { of: FILE, make: (at) => truncateSync(at, Math.floor(statSync(at).size / 2)) },
  grow: { of: /^file/, make: (at, { version }) => appendFileSync(at, version) },
  chmod: { of: /^(file|big|dir)/, make: (at) => chmodSync(at, statSync(at).mode ^ 0o011) },
  rename: { of: /^(?!dir)/, make: (at) => renameSync(at, `${at}.1`) },
  'rename the directory': { of: /^dir/, make: (at) => renameSync(at, `${at}.1`) },
  'move out': { of: /./, make: (at, { spare }) => renameSync(at, spare) },
  'swap directories': {
    of: /^dir/,
    make: (at, { spare, other, note }) => {
      if (`${at}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${at}/`)) return;
      renameSync(at, spare);
      note();
      renameSync(other, at);
      note();
      renameSync(spare, other);
    },
  },
  remove: { of: /^(?!dir)/, make: (at) => rmSync(at) },
  'become a directory': { of: FILE, make: (at, { note }) => become(at, note, () => mkdirSync(at)) },
  'become a FIFO': { of: FILE, make: (at, { note }) => become(at, note, () => void spawnSync('mkfifo', [at])) },
  'become a link': { of: FILE, make: (at, { spare, note }) => become(at, note, () => symlinkSync(spare, at)) },
};

// All bytes in one call, so that there is no state in between that nobody has noted.
function rewrite(at: string, version: string): void {
  const fd = openSync(at, 'r+');
  const { size } = fstatSync(fd);
  writeSync(fd, version.repeat(Math.ceil(size / version.length)).slice(0, size), 0);
  closeSync(fd);
}

function become(at: string, note: () => void, make: () => void): void {
  rmSync(at);
  note();
  make();
}
