// Where a row's source and copies lie: a directory of the workspace, or a file system in an image, new in each round.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { imageSize, mountImage } from './image.js';
import { warmMemory } from './memory.js';
import { flush, footprint, requireSpace } from './workspace.js';

/**
 * A place for `tree` and `copies` copies of it in each of `rounds` rounds. Resolves to an object with
 * `open(round)` (the source is there afterwards), `settle()` before a measurement, `done(path)` after the last use of a
 * copy, `close()` after a round, `dispose()`, and `root`, `source` and `tree`, what it came to.
 */
export async function makePlace(row, tree, { copies, rounds }, bench) {
  return row.fileSystem ? imagePlace(row, tree, copies, bench) : directoryPlace(row, tree, copies * rounds, bench);
}

async function directoryPlace(row, tree, copies, { workspace, signal, keepsCopies, discard }) {
  const warm = row.shared ? 0 : footprint(tree);
  requireSpace(workspace, footprint(tree) * (1 + (keepsCopies ? copies : 1)));
  const root = join(workspace, row.name);
  const source = join(root, 'source');
  mkdirSync(root);
  let made = false;
  return {
    root,
    source,
    async open() {
      if (!made) Object.assign(this.tree, await tree.make(source, signal));
      made = true;
    },
    async settle() {
      await flush(root);
      await warmMemory(warm, signal);
    },
    done: discard,
    close: async () => {},
    dispose: () => discard(root),
    tree: { ...tree },
  };
}

async function imagePlace(row, tree, copies, { imageWorkspace, signal }) {
  const copied = row.shared ? 0 : copies;
  const bytes = footprint(tree) * (1 + copied);
  const inodes = (tree.files + tree.dirs + 1_000) * (1 + copies);
  // What is written goes to the image and to the page cache.
  requireSpace(imageWorkspace, imageSize(bytes));
  let mounted;
  const close = async () => {
    await mounted?.dispose();
    mounted = undefined;
  };
  return {
    get root() {
      return mounted.root;
    },
    get source() {
      return join(mounted.root, 'source');
    },
    async open() {
      mounted = await mountImage(row.fileSystem, { dir: imageWorkspace, bytes, inodes, signal });
      Object.assign(this.tree, await tree.make(this.source, signal));
    },
    async settle() {
      await flush(mounted.root);
      if (!row.shared) await warmMemory(footprint(tree), signal);
    },
    // Copies stay until the file system goes.
    done: async () => {},
    close,
    dispose: close,
    tree: { ...tree },
  };
}
