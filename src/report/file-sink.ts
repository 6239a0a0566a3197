import type { RawPath } from '../api/names.ts';
import { entryError } from '../fs/entry-error.ts';
import type { FileSystem, Handle } from '../fs/file-system.ts';
import { removeStale, temporaryNamesIn } from '../fs/stale-temporary.ts';
import { orNull } from '../fs/system-error.ts';
import { runMark, temporaryName } from '../fs/temporary-name.ts';
import type { Sink } from './text-output.ts';

/** A list that has a temporary name until it is whole, in a directory that is held all the time. */
export class FileSink implements Sink {
  readonly #fs: FileSystem;
  readonly #dir: Handle;
  readonly #name: RawPath;
  #temporary: RawPath;
  readonly #file: Handle;
  #size = 0;
  #isOpen = true;

  /**
   * Takes the handle of the directory over.
   * @param sweeps removes what killed runs left there: in the destination the workers do
   */
  constructor(fs: FileSystem, dir: Handle, name: RawPath, sweeps: boolean) {
    this.#fs = fs;
    this.#dir = dir;
    this.#name = name;
    const mark = runMark();
    this.#temporary = temporaryName(mark, 0);
    try {
      this.#checkReplaceable();
      // Nobody asked for that: the list can be written all the same.
      if (sweeps) orNull(() => temporaryNamesIn(fs, dir).forEach((name) => void removeStale(fs, dir, name)));
      this.#file = fs.createNew(dir, this.#temporary, 0o666);
    } catch (error) {
      fs.close(dir);
      throw error;
    }
    this.#lock(temporaryName(mark, 0, true));
  }

  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const written = this.#fs.write(this.#file, bytes, at, bytes.length - at, this.#size);
      at += written;
      this.#size += written;
    }
  }

  ready(): undefined {
    return undefined;
  }

  async finish(): Promise<void> {
    this.#fs.sync(this.#file);
    this.#checkReplaceable();
    this.#fs.rename(this.#dir, this.#temporary, this.#dir, this.#name);
    this.#close();
  }

  drop(): void {
    if (!this.#isOpen) return;
    // It may be gone; else the next run removes it.
    orNull(() => this.#fs.unlink(this.#dir, this.#temporary));
    this.#close();
  }

  // No other run takes it for a dead one's then. Where it cannot be locked it keeps its name.
  #lock(name: RawPath): void {
    if (this.#fs.lock(this.#file, 'exclusive') !== true) return;
    this.#fs.rename(this.#dir, this.#temporary, this.#dir, name);
    this.#temporary = name;
  }

  #close(): void {
    this.#isOpen = false;
    this.#fs.close(this.#file);
    this.#fs.close(this.#dir);
  }

  // A file or a link is replaced by `rename`, whatever it leads to.
  #checkReplaceable(): void {
    const there = this.#fs.statAt(this.#dir, this.#name);
    if (there === null || there.type === 'f' || there.type === 'l') return;
    const [code, what] =
      there.type === 'd' ? ['EISDIR', 'a directory'] : ['EPCOPY_TYPE', 'a FIFO, a socket or a device'];
    throw entryError('', 'destination', 'replace', code, `${what} is in the way`);
  }
}
