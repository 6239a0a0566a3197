import { readdirSync } from 'node:fs';
import { DirHandleCache } from '../../src/fs/dir-handle-cache.ts';
import { enterSource } from '../../src/fs/directories.ts';
import type { FileSystem } from '../../src/fs/file-system.ts';
import { LibcFileSystem } from '../../src/fs/libc.ts';
import { NodeFileSystem } from '../../src/fs/node.ts';
import { Retries } from '../../src/fs/retry.ts';
import { Gitignore, readGitignore } from '../../src/scan/gitignore.ts';
import { Latency } from '../../src/scan/latency.ts';
import { type Filters, patternsFor } from '../../src/scan/selection.ts';
import { Unmatched } from '../../src/scan/unmatched.ts';
import { walk } from '../../src/scan/walk.ts';
import { inside, type Raw } from '../support/bytes.ts';

export type ReadAhead = FileSystem['readAhead'];

export interface ListOptions extends Partial<Filters> {
  gitignore?: boolean;
  driver?: 'libc' | 'node';
  /** The storage is known to answer late; what is read ahead goes through this. */
  late?: (read: ReadAhead) => ReadAhead;
  cancelled?: () => boolean;
}

export interface Listing {
  /** Sorted. */
  paths: Raw[];
  /** The same in the order of the listing. */
  inOrder: Raw[];
  /** In the order of the listing. */
  directoriesEntered: Raw[];
  errors: Raw[];
  unmatched: string[];
}

/** What the listing selects of a tree. */
export async function list(root: string, options: ListOptions = {}): Promise<Listing> {
  const fs = options.driver === 'node' ? new NodeFileSystem() : new LibcFileSystem();
  const patterns = await patternsFor({ include: options.include ?? [], exclude: options.exclude ?? [] });
  const top = fs.openRoot(Buffer.from(root).toString('latin1'));
  const tree = new DirHandleCache(fs, top, enterSource(fs, false), 8);
  // As the copier does it: a walk that leaves nothing out goes another way than one that may.
  const unmatched = patterns.all ? null : new Unmatched(patterns.uses);
  const gitignore = options.gitignore ? new Gitignore((_dir, handle) => readGitignore(fs, handle)) : null;
  const listing: Listing = { paths: [], inOrder: [], directoriesEntered: [], errors: [], unmatched: [] };
  const open = tree.open.bind(tree);
  tree.open = (dir) => {
    listing.directoriesEntered.push(dir);
    return open(dir);
  };
  const latency = new Latency();
  if (options.late !== undefined) {
    latency.isLate = true;
    fs.readAhead = options.late(fs.readAhead.bind(fs));
  }
  try {
    await walk(
      fs,
      tree,
      { patterns, gitignore, unmatched, callbacks: null },
      {
        dereference: false,
        retries: new Retries(fs, 0, []),
        cancelled: options.cancelled ?? (() => false),
        latency,
        inFlight: 16,
        sizes: false,
        wantsSize: () => false,
        gate: async () => {},
        onError: (_error, path) => listing.errors.push(path),
      },
      (dir, name) => listing.paths.push(dir === '' ? name : `${dir}/${name}`),
    );
  } finally {
    tree.close();
    fs.close(top);
  }
  listing.inOrder = [...listing.paths];
  listing.paths.sort();
  listing.unmatched = unmatched?.left.map((use) => use.pattern) ?? [];
  return listing;
}

/** The same by plain recursion. */
export function everything(root: string, path: Raw = ''): Raw[] {
  const entries = readdirSync(inside(root, path), { encoding: 'latin1', withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const full = path === '' ? entry.name : `${path}/${entry.name}`;
      return entry.isDirectory() ? [full, ...everything(root, full)] : [full];
    })
    .sort();
}
