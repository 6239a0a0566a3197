import { destinationPath, type RawPath } from '../api/names.ts';
import { heldHandles } from './directories.ts';
import type { FileSystem, Handle } from './file-system.ts';
import { orNull } from './system-error.ts';

/** A directory that does not exist, in a dry run. Nothing below it exists either. */
export const MISSING: Handle = -2;
const CLOSED: Handle = -1;

/** Opens the directory `name` in `parent`; `path` is relative to the root. */
export type Enter = (parent: Handle, name: RawPath, path: RawPath) => Handle;

/**
 * Opens directories below a root, one name at a time, and keeps the path to the last one open, since the next directory is
 * mostly its neighbour. Of a deep path only the last `limit` handles stay open.
 */
export class DirHandleCache {
  private readonly fs: FileSystem;
  readonly root: Handle;
  private readonly enter: Enter;
  private readonly limit: number;
  private readonly names: RawPath[] = [];
  private readonly handles: Handle[] = [];
  private firstOpen = 0;

  constructor(
    fs: FileSystem,
    root: Handle,
    enter: Enter = (parent, name) => fs.openDirectory(parent, destinationPath(name)),
    limit = heldHandles(),
  ) {
    this.fs = fs;
    this.root = root;
    this.enter = enter;
    this.limit = limit;
  }

  /** The handle stays valid until the next call. Throws what `enter` throws. '' is the root. */
  open(path: RawPath): Handle {
    let at = this.keepCommon(path);
    if (this.top() === CLOSED) {
      // Closed to save descriptors: the whole path is opened again.
      this.cut(0);
      at = 0;
    }
    while (at < path.length) {
      const slash = path.indexOf('/', at);
      const end = slash < 0 ? path.length : slash;
      const name = path.slice(at, end);
      const parent = this.top();
      this.push(name, parent === MISSING ? MISSING : this.enter(parent, name, path.slice(0, end)));
      at = end + 1;
    }
    return this.top();
  }

  close(): void {
    this.cut(0);
  }

  private top(): Handle {
    return this.handles.at(-1) ?? this.root;
  }

  // Closes handles that are not on the path; returns where the rest of the path begins.
  private keepCommon(path: RawPath): number {
    let at = 0;
    let level = 0;
    for (const name of this.names) {
      const end = at + name.length;
      if (!path.startsWith(name, at) || (end < path.length && path[end] !== '/')) break;
      at = end + 1;
      level++;
    }
    this.cut(level);
    return at;
  }

  private cut(level: number): void {
    while (this.handles.length > level) {
      this.names.pop();
      this.release(this.handles.pop() ?? CLOSED);
    }
    this.firstOpen = Math.min(this.firstOpen, level);
  }

  private push(name: RawPath, handle: Handle): void {
    this.names.push(name);
    this.handles.push(handle);
    if (this.handles.length - this.firstOpen > this.limit) {
      this.release(this.handles[this.firstOpen] ?? CLOSED);
      this.handles[this.firstOpen++] = CLOSED;
    }
  }

  private release(handle: Handle): void {
    // Nothing was written through it, so a failure does not matter.
    if (handle >= 0) orNull(() => this.fs.close(handle));
  }
}
