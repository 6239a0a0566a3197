import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';

/** Code that an ordinary run must not load: a start costs a millisecond for each 50 KB of it. By the modules' names. */
const ONLY_ON_REQUEST = [
  'node_modules/(commander|cli-progress|fast-glob|micromatch|bullmq|ioredis)/',
  'src/broker/',
  'src/cli/(command|completion|foreign-options|help|retry-log|worker-command)\\.ts',
  'src/ui/(bar|github|json)\\.ts',
  'src/scan/(extra-entries|files-from|find-deletions|gitignore|linear-regexp|patterns|unchanged|unmatched)\\.ts',
  'src/plan/(case-collisions|several)\\.ts',
  'src/report/(manifest|text-output|trace)\\.ts',
  'src/schedule/rate-file\\.ts',
];

test('an ordinary run loads nothing that only some options need', async () => {
  const dir = temp();
  mkdirSync(`${dir}/source`);
  writeFileSync(`${dir}/source/file`, 'content');
  // The worker is killed at the end, so each file is noted as it is loaded.
  writeFileSync(
    `${dir}/hook.cjs`,
    `const { Module } = require('node:module');
     const { appendFileSync } = require('node:fs');
     const { load } = Module.prototype;
     Module.prototype.load = function (file) {
       appendFileSync('${dir}/loaded', file + '\\n');
       return load.call(this, file);
     };`,
  );
  const { code } = await pcopy(['source', 'destination', '-j', '2'], {
    cwd: dir,
    env: { NODE_OPTIONS: `--require ${dir}/hook.cjs` },
  });
  expect(code).toBe(0);
  const files = [...new Set(readFileSync(`${dir}/loaded`, 'utf8').trim().split('\n'))];
  const modules = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^\/\/(?:#region)? (\S+)$/gm)]);
  const names = modules.map(([, name]) => name ?? '');
  expect(names).toContain('src/run/copy-tree.ts');
  expect(names).toContain('src/worker/worker.ts');
  const unwanted = new RegExp(`^(${ONLY_ON_REQUEST.join('|')})`);
  expect(names.filter((name) => unwanted.test(name))).toEqual([]);
});
