// Programs in other forms than a file that is run as it was written.
import { execFile, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { temp } from '../support/temp.ts';

const fixtures = new URL('./fixtures/', import.meta.url).pathname;

test('a bundle with the entry of the children beside it', async () => {
  const out = temp();
  const bundle = await rolldown({
    input: { main: `${fixtures}bundled.js`, tasks: `${fixtures}tasks.js`, child: 'pcopy/process/child' },
    cwd: fixtures,
    platform: 'node',
    external: [/^node:/, 'koffi'],
  });
  await bundle.write({ dir: out, format: 'esm', entryFileNames: '[name].mjs' });
  await bundle.close();
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(out, 'main.mjs')]);
  expect([stdout, stderr]).toEqual(["[ 1, 4 ] { name: 'Worker-1', index: 0, daemon: true } false\n", '']);
});

test.each(['esm', 'cjs'] as const)('a bundle (%s) that has swallowed the copier says what it lacks', async (format) => {
  const out = temp();
  const main = `${out}/main.${format === 'esm' ? 'mjs' : 'cjs'}`;
  const bundle = await rolldown({
    input: `${fixtures}swallowing.js`,
    cwd: fixtures,
    platform: 'node',
    external: [/^node:/, 'koffi'],
    // What esbuild makes of it in CommonJS.
    transform: format === 'cjs' ? { define: { 'import.meta.url': 'undefined' } } : {},
  });
  await bundle.write({ file: main, format, codeSplitting: false });
  await bundle.close();
  const { stdout } = await promisify(execFile)(process.execPath, [main, fixtures, `${out}/copy`]);
  expect(stdout).toMatch(
    /^stopped no worker process .*worker\.cjs, which child processes run, is not there.*'external'/,
  );
});

const program = `
  import { Pool, task } from 'pcopy/process';
  console.log(await new Pool(1).apply(task(${JSON.stringify(`${fixtures}tasks.js`)}, 'square'), [3]));
`;

test.each([
  ['-e', ['-e', program], ''],
  ['--eval=', [`--eval=${program}`], ''],
  ['stdin', [], program],
  ['stdin, named', ['-'], program],
])('a program from %s', (_, args, input) => {
  const options = { cwd: fixtures, input, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', ...args], options);
  expect([stdout, stderr]).toEqual(['9\n', '']);
});

// koffi, by which a child asks to end with its parent, syncs both streams on its way out.
needs('strace')('a child ends whatever the disk under its standard output says', () => {
  const top = temp();
  const stdout = openSync(`${top}/out`, 'w');
  const code = `import { Process, task } from 'pcopy/process';
    const child = new Process(task(${JSON.stringify(`${fixtures}tasks.js`)}, 'square'), [3]);
    child.start();
    await child.join();
    console.log(child.exitCode);`;
  const trace = ['-f', '-o', `${top}/trace`, '-P', `${top}/out`, '-e', 'inject=fsync:error=EIO'];
  const node = [process.execPath, '--input-type=module', '-e', code];
  const { stderr } = spawnSync('strace', [...trace, ...node], {
    cwd: fixtures,
    stdio: ['ignore', stdout, 'pipe'],
    encoding: 'utf8',
    timeout: 20_000,
  });
  closeSync(stdout);
  expect([readFileSync(`${top}/out`, 'utf8'), stderr]).toEqual(['0\n', '']);
});
