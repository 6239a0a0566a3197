import { closeSync, fstatSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** Nothing more is written: koffi syncs both streams on its way out, which takes time, and never ends where the disk refuses. */
export function detachOutput(): void {
  for (const fd of [1, 2]) if (isFile(fd)) replaceByNothing(fd);
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false; // Closed already.
  }
}

/** The lowest free descriptor is the next to be given. */
function replaceByNothing(fd: number): void {
  try {
    closeSync(fd);
  } finally {
    openSync(devNull, 'w');
  }
}
