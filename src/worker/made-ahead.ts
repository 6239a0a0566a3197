import type { RawPath } from '../api/names.ts';
import type { AskAhead } from '../fs/ask-ahead.ts';
import type { Handle } from '../fs/file-system.ts';
import type { NamedFile } from './temporary-file.ts';

/** A file that is being made; `handle` is null until it is there. */
interface Making {
  readonly dir: Handle;
  readonly temporary: RawPath;
  readonly mode: number;
  handle: Handle | null;
  readonly answered: Promise<void>;
}

/** That of the file whose turn it is, until it is taken, and that of the next one. */
const MOST = 2;

/** Temporary files that another thread makes before they are wanted, while the current one is written. */
export class MadeAhead {
  private readonly ask: AskAhead;
  private readonly files = new Set<Making>();

  constructor(ask: AskAhead) {
    this.ask = ask;
  }

  /** Does nothing where there are enough. The answer comes in a later turn of the event loop. */
  begin(dir: Handle, temporary: RawPath, mode: number): void {
    if (this.files.size >= MOST) return;
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const making: Making = { dir, temporary, mode, handle: null, answered };
    this.files.add(making);
    this.ask.createNew(dir, temporary, mode, (handle) => {
      making.handle = handle;
      if (handle === null) this.files.delete(making);
      answer();
    });
  }

  /** A file that is there and as wanted; null: the caller makes one. */
  take(dir: Handle, mode: number): NamedFile | null {
    for (const making of this.files) {
      if (making.handle === null || making.dir !== dir || making.mode !== mode) continue;
      this.files.delete(making);
      return { handle: making.handle, temporary: making.temporary };
    }
    return null;
  }

  /** The files that nobody has taken, for the caller to remove. */
  async takeAll(): Promise<NamedFile[]> {
    await Promise.all([...this.files].map(({ answered }) => answered));
    const made = [...this.files].flatMap(({ handle, temporary }) => (handle === null ? [] : [{ handle, temporary }]));
    this.files.clear();
    return made;
  }
}
