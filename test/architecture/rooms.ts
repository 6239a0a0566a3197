/**
 * The folders of the source from the bottom up. A folder may import from the folders above its own line here, and from no
 * other; the entries at the top of `src` may import from all. src/README.md describes them.
 */
export const ROOMS: readonly { name: string; sees: readonly string[] }[] = [
  { name: 'process', sees: [] },
  { name: 'api', sees: [] },
  { name: 'fs', sees: ['api'] },
  { name: 'protocol', sees: ['api', 'fs'] },
  { name: 'worker', sees: ['api', 'fs', 'protocol', 'process'] },
  { name: 'plan', sees: ['api', 'fs', 'protocol'] },
  { name: 'report', sees: ['api', 'fs', 'protocol', 'plan', 'process'] },
  { name: 'scan', sees: ['api', 'fs', 'protocol', 'plan', 'report', 'process'] },
  { name: 'schedule', sees: ['api', 'fs', 'protocol', 'report', 'process'] },
  { name: 'broker', sees: ['api', 'fs', 'protocol', 'plan', 'report', 'schedule', 'process'] },
  { name: 'run', sees: ['api', 'fs', 'protocol', 'plan', 'report', 'scan', 'schedule', 'broker', 'process'] },
  { name: 'ui', sees: ['api'] },
  { name: 'cli', sees: ['api', 'ui'] },
];

/** What starts: a process of the toolkit, the library, the command, a worker process. No other file is loose at the top of `src`. */
export const ENTRIES: readonly string[] = ['child.ts', 'index.ts', 'main.ts', 'worker.ts'];

/** The folder that a file is in; undefined for an entry. */
export function roomOf(file: string): (typeof ROOMS)[number] | undefined {
  return ROOMS.find(({ name }) => file.startsWith(`${name}/`));
}

/** What comes from others: bundled, and so not installed with the package; only koffi stays outside, for it brings a binary. */
export const LIBRARIES = ['commander', 'fast-glob', 'micromatch', 'cli-progress', 'bullmq', 'ioredis', 'koffi'];

/** Modules that one file each may import, so that each can be replaced in one place. */
export const ONE_IMPORTER = [...LIBRARIES, 'node:child_process'];
