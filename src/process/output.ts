// What a child writes to a pipe is written in the background, when its reader is slow; process.exit would drop the rest.
import type { Writable } from 'node:stream';

/** Those that were asked for. Opening them takes time that most children need not spend. */
const used = new Set<Writable>();

for (const name of ['stdout', 'stderr'] as const) {
  const getter = Object.getOwnPropertyDescriptor(process, name)?.get;
  if (getter === undefined) continue;
  const get = (): Writable => {
    const stream = getter.call(process) as Writable;
    used.add(stream);
    return stream;
  };
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get });
}

/** Whether something was written that is not yet with the operating system. */
export function outputPending(): boolean {
  for (const stream of used) if (stream.writableLength > 0 && !stream.destroyed) return true;
  return false;
}

/** Resolves when all output is with the operating system, or its reader is gone. */
export async function outputWritten(): Promise<void> {
  for (const stream of used) {
    if (stream.writableLength === 0 || stream.destroyed) continue;
    await new Promise<void>((resolve) => {
      // Called in order: after everything written before. A reader that is gone is also told by an `error`.
      stream.once('error', () => resolve());
      stream.write('', () => resolve());
    });
  }
}
