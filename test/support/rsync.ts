import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';

export interface RsyncOptions {
  /** More letters, as `AX`: ACLs and extended attributes. */
  also?: string;
  /** Owners aside. */
  ignoreOwners?: boolean;
  /** Whole seconds aside: compare times to the second, for a driver that cannot do better. */
  seconds?: boolean;
}

/** What rsync would still have to do to make the right tree equal to the left one, a line an entry. */
export function rsyncDifferences(left: string, right: string, options: RsyncOptions = {}): string[] {
  const window = options.seconds ? '1' : '-1';
  const owners = options.ignoreOwners ? ['--no-owner', '--no-group'] : [];
  const args = [`-aHnci${options.also ?? ''}`, '--delete', `--modify-window=${window}`, ...owners];
  const { stdout, stderr, status } = spawnSync('rsync', [...args, `${left}/`, `${right}/`], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`rsync ended with ${status}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

export function expectRsyncSame(left: string, right: string, options: RsyncOptions = {}): void {
  expect(rsyncDifferences(left, right, options).slice(0, 20)).toEqual([]);
}
