// What there is to copy: each is scale => { files, dirs, bytes, make(root, signal) }, the numbers being what is
// expected, so that the space can be checked before anything is written.
import { join } from 'node:path';
import { bigFile, deepFiles, pairedFiles, realTree, smallFiles } from './trees.js';

/** `files` files of about `size` bytes in `dirs` directories; `depth` directories inside each other when given. */
export function small(files, dirs, size, depth) {
  return (scale) => {
    const tree = { files: scaled(files, scale), dirs: scaled(dirs, scale), size, depth };
    const make = depth ? deepFiles : smallFiles;
    return { ...counts(tree), make: (root, signal) => make(root, tree, signal) };
  };
}

/** `files` files, each alone in a directory in a directory of its own. */
export function paired(files, size) {
  return (scale) => {
    const tree = { files: scaled(files, scale), size };
    const all = counts({ ...tree, dirs: 2 * tree.files });
    return { ...all, make: (root, signal) => pairedFiles(root, tree, signal) };
  };
}

/** One file of `bytes` bytes. */
export function big(bytes) {
  return (scale) => {
    const length = scaled(bytes, scale);
    return { files: 1, dirs: 0, bytes: length, make: (root, signal) => bigFile(join(root, 'big.bin'), length, signal) };
  };
}

/** A handful: never scaled. */
export function few(files, size) {
  return () => small(files, 1, size)(1);
}

/** Parts of /usr/share and its neighbours, up to `entries` entries and `bytes` bytes. */
export function real(entries, bytes) {
  return (scale) => {
    const limit = { entries: scaled(entries, scale), bytes: scaled(bytes, scale) };
    const make = (root, signal) => realTree(root, limit, signal);
    return { files: limit.entries, dirs: Math.ceil(limit.entries / 10), bytes: limit.bytes, make };
  };
}

export function scaled(number, scale) {
  return Math.max(1, Math.round(number * scale));
}

function counts({ files, dirs, size }) {
  return { files, dirs, bytes: files * size };
}
