import type { Kind } from '../api/events.ts';
import type { TypeLetter } from '../fs/file-system.ts';

/** The kind that a type letter counts as. `h` is a hard link to a copied file. */
export function kindOf(type: TypeLetter | 'h'): Kind {
  switch (type) {
    case 'd':
      return 'directory';
    case 'l':
      return 'symlink';
    case 'h':
      return 'hardlink';
    case 'p':
      return 'fifo';
    case 's':
      return 'socket';
    case 'c':
    case 'b':
      return 'device';
    case 'f':
    case '?':
      return 'file';
    default:
      return type satisfies never;
  }
}
