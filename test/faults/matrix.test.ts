import { describe, expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { temp } from '../support/temp.ts';
import { runMatrix, type Setting, tableLine } from './support/matrix.ts';
import { splitTree } from './support/scene.ts';

const settings: Setting[] = [
  { driver: 'libc', name: 'plain', options: [] },
  // Each in its turn: what is missing may be a name whose first copy lies in the directory that cannot be entered.
  {
    driver: 'libc',
    name: 'directories',
    options: ['--retries', '0'],
    calls: ['mkdirat'],
    each: ['mkdirat'],
    errors: 1,
  },
  { driver: 'node', name: 'plain', options: [], errors: 2 },
  {
    driver: 'libc',
    name: 'synced',
    options: ['--fsync', '--verify', '--retries', '0'],
    calls: ['fsync', 'pread64', 'close'],
    each: ['fsync'],
    errors: 2,
  },
  {
    driver: 'libc',
    name: 'archive',
    options: ['--archive'],
    calls: ['fchown', 'fchownat', 'fsetxattr', 'flistxattr', 'fchmod'],
    errors: 2,
  },
  { driver: 'libc', name: 'update', options: ['-u', '--checksum'], calls: ['pread64', 'statx'], errors: 2 },
  { driver: 'libc', name: 'delete', options: ['--delete'], calls: ['unlinkat', 'getdents64'], errors: 2 },
  { driver: 'node', name: 'delete', options: ['--delete'], calls: ['unlink', 'rmdir', 'openat'], errors: 2 },
  { driver: 'libc', name: 'in place', options: ['--no-atomic'], calls: ['openat', 'ftruncate', 'fchmod'], errors: 3 },
  {
    driver: 'libc',
    name: 'split',
    options: [],
    calls: ['ftruncate', 'pread64', 'pwrite64', 'renameat', 'utimensat'],
    errors: 2,
    tree: splitTree,
    jobs: 2,
  },
  { driver: 'node', name: 'split', options: [], calls: ['ftruncate', 'rename'], errors: 2, tree: splitTree, jobs: 2 },
];

describe('each call of a worker fails with each error it can give', () => {
  needs('root', 'strace', 'python3').for(settings)('driver $driver, $name', { timeout: 7_200_000 }, async (setting) => {
    const report = await runMatrix(temp(), setting);
    console.log(tableLine(setting, report));
    expect(report.problems).toEqual([]);
    expect(report.cells).toBeGreaterThan(0);
  });
});
