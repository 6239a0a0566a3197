/**
 * The rooms of the source and what each may look into, from the bottom up. A room is a folder, or some files of the top
 * level that answer one question. src/README.md draws the same.
 */
export interface Room {
  name: string;
  /** Folders end with `/`. */
  holds: readonly string[];
  /** Rooms it may import from, besides itself. */
  sees: readonly string[];
}

const WORDS = ['words'];
const DRIVERS = [...WORDS, 'drivers'];
const WIRE = [...DRIVERS, 'wire'];
const TREE = [...WIRE, 'tree'];

export const ROOMS: readonly Room[] = [
  { name: 'process toolkit', holds: ['process/'], sees: [] },
  { name: 'words', holds: ['names.ts', 'errors.ts', 'events.ts', 'options.ts'], sees: [] },
  { name: 'drivers', holds: ['fs/'], sees: WORDS },
  // What crosses between the parent and its workers, and between the stages of the pipeline.
  {
    name: 'wire',
    holds: [
      'wire.ts',
      'steady-clock.ts',
      'entries-job.ts',
      'kind.ts',
      'failure.ts',
      'check-call.ts',
      'config.ts',
      'tally.ts',
    ],
    sees: DRIVERS,
  },
  { name: 'tree', holds: ['tree/'], sees: WIRE },
  { name: 'worker', holds: ['copy/', 'worker-process.ts'], sees: [...TREE, 'process toolkit'] },
  { name: 'pool', holds: ['executor/'], sees: [...WIRE, 'process toolkit'] },
  { name: 'prepare', holds: ['prepare/'], sees: TREE },
  { name: 'account', holds: ['reporter.ts', 'manifest.ts'], sees: [...TREE, 'prepare', 'process toolkit'] },
  { name: 'scan', holds: ['scan/'], sees: [...TREE, 'prepare', 'account', 'process toolkit'] },
  {
    name: 'engine',
    holds: ['copy-tree.ts', 'worker-config.ts', 'clean-up.ts', 'extraneous.ts'],
    sees: [...TREE, 'prepare', 'account', 'scan', 'pool', 'process toolkit'],
  },
  { name: 'progress', holds: ['progress/'], sees: WORDS },
  { name: 'command line', holds: ['cli/'], sees: [...WORDS, 'progress'] },
  { name: 'entry', holds: ['main.ts', 'index.ts'], sees: [...WORDS, 'engine', 'pool', 'progress', 'command line'] },
];

/** Where a file is; undefined for a file that nobody gave a room. */
export function roomOf(file: string): Room | undefined {
  return ROOMS.find((room) => room.holds.some((held) => (held.endsWith('/') ? file.startsWith(held) : file === held)));
}

/** Modules that one file each may import, so that each can be replaced in one place. */
export const ONE_IMPORTER = ['commander', 'fast-glob', 'micromatch', 'cli-progress', 'koffi', 'node:child_process'];
