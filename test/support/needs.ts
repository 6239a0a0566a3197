import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { type TestAPI, test } from 'vitest';

/** `root`, `loop` (loop devices that can be mounted), `fuse` (file systems in programs), or the name of a program. */
export type Need = string;

const told = new Set<string>();

/**
 * `test`, or a skipped test with a printed reason when this machine lacks something. Under CI nothing is skipped:
 * what is missing there fails.
 */
export function needs(...what: Need[]): TestAPI {
  const missing = what.filter((need) => !has(need));
  if (missing.length === 0) return test;
  const reason = `needs ${missing.join(', ')}`;
  if (process.env.CI) throw new Error(`tests may not be skipped in CI: ${reason}`);
  if (!told.has(reason)) {
    told.add(reason);
    console.warn(`skipped: ${reason}`);
  }
  return test.skip as TestAPI;
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function has(need: Need): boolean {
  if (need === 'root') return isRoot();
  if (need === 'fuse') return isRoot() && existsSync('/dev/fuse');
  if (need === 'loop') return isRoot() && spawnSync('losetup', ['-f']).status === 0;
  return (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(`${dir}/${need}`));
}
