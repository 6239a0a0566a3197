import type { Config } from '../api/config.ts';
import { type RawPath, splitPath, toBytes } from '../api/names.ts';
import { openRoot, type Root } from '../fs/directories.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { placeOfManifest } from '../plan/manifest-place.ts';
import { ManifestFile } from './manifest-file.ts';
import { ManifestStream } from './manifest-stream.ts';

/** Lines are written in portions of this many characters. */
const PORTION = 65536;

/** Where the lines go. Every method but `drop` throws what the system says. */
export interface ManifestSink {
  write(bytes: Buffer): void;
  /** Pending while a reader is behind; rejects when it is gone. */
  ready(): Promise<void> | undefined;
  /** Everything is written: the list gets its name, or its reader takes the rest. */
  finish(): Promise<void>;
  /** Nothing of the list stays. */
  drop(): void;
}

/**
 * A list of checksums in the format of `sha256sum` (GNU coreutils manual, "md5sum invocation"). Paths are relative to the
 * destination. A device or a FIFO outside of the destination is written to, everything else is replaced.
 */
export class Manifest {
  readonly #sink: ManifestSink;
  #text = '';

  /** Throws SystemError or CopyError when it cannot be made. */
  constructor(fs: FileSystem, typed: string, config: Config, destination: Root) {
    const { path, within, isStream } = placeOfManifest(typed, config, destination.path);
    this.#sink = isStream ? new ManifestStream(path) : fileAt(fs, path, within, destination);
  }

  add(sha256: string, path: RawPath): void {
    this.#text += manifestLine(sha256, path);
    if (this.#text.length > PORTION) this.#flush();
  }

  ready(): Promise<void> | undefined {
    return this.#sink.ready();
  }

  async finish(): Promise<void> {
    this.#flush();
    await this.#sink.finish();
  }

  drop(): void {
    this.#sink.drop();
  }

  #flush(): void {
    const bytes = toBytes(this.#text);
    this.#text = '';
    this.#sink.write(bytes);
  }
}

function fileAt(fs: FileSystem, path: RawPath, within: RawPath | null, destination: Root): ManifestFile {
  const [dir, name] = splitPath(within ?? path);
  const isElsewhere = within === null;
  return new ManifestFile(
    fs,
    isElsewhere ? fs.openRoot(dir || '/') : openBelow(fs, destination, dir),
    name,
    isElsewhere,
  );
}

/** Below the destination no link is followed. */
function openBelow(fs: FileSystem, destination: Root, path: RawPath): Handle {
  let handle = openRoot(fs, destination, 'destination');
  for (const name of path === '' ? [] : path.split('/')) {
    const parent = handle;
    try {
      handle = fs.openDirectory(parent, name);
    } finally {
      fs.close(parent);
    }
  }
  return handle;
}

/** A name with a line end or a backslash is escaped, and a backslash before the sum says so. */
export function manifestLine(sha256: string, path: RawPath): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`;
}
