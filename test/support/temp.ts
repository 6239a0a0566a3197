import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { inside } from './bytes.ts';

/** Every directory that a test makes begins like this, so that the leak check can tell ours from others'. */
export const PREFIX = `pcopy-test-${process.env.PCOPY_TEST_RUN ?? process.pid}-`;

/** Memory first: on ext4 a fresh copy right after a removal is up to ten times slower (see DESIGN, "How to measure"). */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : '/tmp';

export interface TempOptions {
  /** `disk` is /tmp, whatever file system that is. Default `memory`. */
  on?: 'memory' | 'disk';
}

/** A directory that is gone after the running test, whatever happens. Call it inside a test. */
export function temp(options: TempOptions = {}): string {
  const path = makeTemp(options);
  onTestFinished(() => removeTree(path));
  return path;
}

/** The same without the promise: whoever calls it removes it with `removeTree`. */
export function makeTemp({ on = 'memory' }: TempOptions = {}): string {
  const path = mkdtempSync(`${on === 'memory' ? MEMORY : '/tmp'}/${PREFIX}`);
  chmodSync(path, 0o755);
  return path;
}

/** Removes a tree that may hold directories without write permission and names that are not UTF-8. */
export function removeTree(path: string): void {
  if (process.getuid?.() !== 0) unlock(path, '');
  // Not `rmSync`: it cannot go deeper than PATH_MAX, and stops at names that are not UTF-8.
  spawnSync('rm', ['-rf', '--one-file-system', path]);
}

function unlock(root: string, path: string): void {
  const here = inside(root, path);
  if (!lstatSync(here).isDirectory()) return;
  chmodSync(here, 0o700);
  for (const name of readdirSync(here, { encoding: 'latin1' })) unlock(root, path === '' ? name : `${path}/${name}`);
}
