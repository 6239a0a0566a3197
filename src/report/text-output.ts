import type { Config } from '../api/config.ts';
import { type RawPath, splitPath, toBytes } from '../api/names.ts';
import { openRoot, type Root } from '../fs/directories.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { placeOfOutput } from '../plan/output-place.ts';
import { FileSink } from './file-sink.ts';
import { StreamSink } from './stream-sink.ts';

/** Text is written in portions of this many characters. */
const PORTION = 65536;

/** The target of a file beside the copy. Every method but `drop` throws SystemError. */
export interface Sink {
  write(bytes: Buffer): void;
  /** Pending while a reader lags; rejects when it is gone. */
  ready(): Promise<void> | undefined;
  /** Completes the file: gives it its name, or waits for its reader. */
  finish(): Promise<void>;
  /** Removes the file. */
  drop(): void;
}

/** A text file that is written beside the copy. */
export class TextOutput {
  readonly #sink: Sink;
  #text = '';

  /** Throws SystemError or CopyError when it cannot be made. */
  constructor(fs: FileSystem, typed: string, config: Config, destination: Root) {
    this.#sink = openOutput(fs, typed, config, destination);
  }

  /** @param text one character per byte */
  protected write(text: string): void {
    this.#text += text;
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

/** Writes to a device or a FIFO outside of the destination; replaces everything else. */
function openOutput(fs: FileSystem, typed: string, config: Config, destination: Root): Sink {
  const { path, within, isStream } = placeOfOutput(typed, config, destination.path);
  return isStream ? new StreamSink(path) : fileAt(fs, path, within, destination);
}

function fileAt(fs: FileSystem, path: RawPath, within: RawPath | null, destination: Root): FileSink {
  const [dir, name] = splitPath(within ?? path);
  const isElsewhere = within === null;
  return new FileSink(fs, isElsewhere ? fs.openRoot(dir || '/') : openBelow(fs, destination, dir), name, isElsewhere);
}

/** Follows no links below the destination. */
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
