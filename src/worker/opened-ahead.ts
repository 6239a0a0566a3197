import type { RawPath } from '../api/names.ts';
import type { AskAhead } from '../fs/ask-ahead.ts';
import type { Handle } from '../fs/file-system.ts';

/** A file that is being opened; `handle` is null until it is open. */
interface Opening {
  handle: Handle | null;
  isWanted: boolean;
}

/**
 * Files of one source directory that are opened in other threads before it is their turn. Nothing fails here: a file that could not be
 * opened, or not in time, is not among them, and whoever copies it opens it and reports why.
 */
export class OpenedAhead {
  private readonly ask: AskAhead;
  private readonly files = new Map<RawPath, Opening>();

  constructor(ask: AskAhead) {
    this.ask = ask;
  }

  /** The answer comes in a later turn of the event loop. */
  begin(dir: Handle, name: RawPath): void {
    if (this.files.has(name)) return;
    const opening: Opening = { handle: null, isWanted: true };
    this.files.set(name, opening);
    this.ask.openRead(dir, name, (handle) => {
      if (opening.isWanted) opening.handle = handle;
      else if (handle !== null) this.ask.close(handle);
    });
  }

  /** The handle of a file that is open by now; it stays here. */
  peek(name: RawPath): Handle | null {
    return this.files.get(name)?.handle ?? null;
  }

  /** The handle of a file whose turn it is, for the caller to close; null: it is not open. */
  take(name: RawPath): Handle | null {
    const opening = this.files.get(name);
    if (opening === undefined) return null;
    this.files.delete(name);
    opening.isWanted = false;
    return opening.handle;
  }

  /** Closes those that nobody has taken. */
  drop(): void {
    for (const opening of this.files.values()) {
      opening.isWanted = false;
      if (opening.handle !== null) this.ask.close(opening.handle);
    }
    this.files.clear();
  }
}
