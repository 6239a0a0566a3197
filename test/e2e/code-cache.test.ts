import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';

/** The command in a directory of its own, and its files that keep what V8 has compiled. */
function installed() {
  const dir = temp();
  for (const part of ['bin', 'dist', 'package.json']) cpSync(`${ROOT}/${part}`, `${dir}/${part}`, { recursive: true });
  symlinkSync(`${ROOT}/node_modules`, `${dir}/node_modules`);
  mkdirSync(`${dir}/source`);
  writeFileSync(`${dir}/source/file`, 'content');
  const suffix = `.cjs.${process.version}-${process.arch}`;
  const caches = readdirSync(`${dir}/dist/chunks`)
    .filter((name) => name.endsWith(suffix))
    .map((name) => `${dir}/dist/chunks/${name}`);
  return { dir, caches };
}

async function copies(dir: string, env: Record<string, string> = {}): Promise<void> {
  rmSync(`${dir}/destination`, { recursive: true, force: true });
  const command = ['node', `${dir}/bin/pcopy.js`, `${dir}/source`, `${dir}/destination`, '-j', '2', '-q'];
  expect(await startCommand(command, { env }).done).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(`${dir}/destination/file`, 'utf8')).toBe('content');
}

test('V8 takes what the build has compiled, in the command and in its workers', async () => {
  const { dir, caches } = installed();
  // The worker is killed at the end, so each file is noted as it is loaded.
  writeFileSync(
    `${dir}/hook.cjs`,
    `const vm = require('node:vm');
     const { appendFileSync } = require('node:fs');
     vm.Script = class extends vm.Script {
       constructor(text, options) {
         super(text, options);
         appendFileSync('${dir}/loaded', options.filename.replace(/^.*\\/|-.*$/g, '') + ' ' + this.cachedDataRejected + '\\n');
       }
     };`,
  );
  await copies(dir, { NODE_OPTIONS: `--require ${dir}/hook.cjs` });
  expect(caches.length).toBeGreaterThan(6);
  const loaded = new Set(readFileSync(`${dir}/loaded`, 'utf8').trim().split('\n'));
  expect([...loaded].sort()).toEqual(
    ['arguments', 'engine', 'libc', 'link', 'run', 'tasks'].map((name) => `${name} false`),
  );
});

test.each([
  ['missing', null],
  ['empty', () => Buffer.alloc(0)],
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
  ['of another program', (bytes: Buffer) => randomBytes(bytes.length)],
])('the command runs without it where a file is %s', async (_how, change) => {
  const { dir, caches } = installed();
  for (const file of caches) change === null ? rmSync(file) : writeFileSync(file, change(readFileSync(file)));
  await copies(dir);
});
