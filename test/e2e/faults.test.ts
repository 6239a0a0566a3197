import { expect } from 'vitest';
import { survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, overBothDrivers, pcopy } from '../support/run.ts';
import { failing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { directory, file, hardlink, plant, symlink, type Tree } from '../support/tree.ts';

const source: Tree = {
  'a/one': file(Buffer.alloc(300_000, 'one')),
  'a/two': file('two', { mode: 0o600 }),
  'a/replaced': file('new content'),
  'a/same': hardlink('a/two'),
  'b/link': symlink('target', { mtime: 1_000_000_000_000_000_000n }),
  'b/c/deep': file('deep'),
  'b/empty': directory({ mode: 0o705 }),
};
const existing: Tree = { 'a/replaced': file('old content') };

/** System calls that nothing but a copy makes, each with errors that it can really give, once in each thread or always. */
const FAULTS: readonly [calls: string, error: string][] = [
  ['mkdir,mkdirat', 'ENOSPC'],
  ['mkdir,mkdirat', 'EROFS:when=2+'],
  ['linkat,link', 'EMLINK'],
  ['linkat,link', 'EIO:when=1'],
  ['rename,renameat,renameat2', 'EIO'],
  ['rename,renameat,renameat2', 'EACCES:when=1'],
  ['symlink,symlinkat', 'EDQUOT'],
  ['readlink,readlinkat', 'EIO:when=1'],
  ['utimensat', 'EPERM'],
  ['fchmod,fchmodat,chmod', 'EIO'],
  ['pwrite64,pwritev', 'ENOSPC:when=1'],
  ['pwrite64,pwritev', 'EIO:when=2+'],
  ['pwrite64,pwritev', 'EINTR:when=1'],
  ['getdents64', 'EIO:when=2'],
  ['ftruncate', 'EFBIG'],
  ['unlink,unlinkat', 'EIO'],
];

overBothDrivers((driver) => {
  needs('strace', 'python3').each(FAULTS)(
    '%s fails with %s: nothing is lost, and nothing is called a success',
    async (calls, error) => {
      const top = temp();
      plant(`${top}/src`, source);
      plant(`${top}/dst`, existing);
      const args = ['-j', '2', `${top}/src`, `${top}/dst`];
      const { code, signal, stderr } = await pcopy(args, { driver, prefix: failing(calls, error) });

      const wanted = survey(`${top}/src`);
      const after = survey(`${top}/dst`);
      expect(signal).toBe(null);
      expect([0, 1, 3, 4], stderr).toContain(code);
      if (code !== 0) expect(stderr).toMatch(/^pcopy: .+ \(E\w+\)$/m);
      expect(stderr).not.toMatch(/^ +at |unexpected/m);
      for (const [path, { type, content, mode, mtime }] of wanted) {
        const now = after.get(path);
        if (path === 'a/replaced' && now?.content !== content) expect(now?.mode, 'the old file').toBe(0o644);
        else if (now !== undefined) expect([now.type, now.content], `${path}\n${stderr}`).toEqual([type, content]);
        if (code !== 0) continue;
        expect(now, `exit 0 without ${path}`).toBeDefined();
        const kept = now?.mode === mode && (driver === 'node' || now.mtime === mtime);
        expect(kept || path === '' || path === 'a' || /not preserved/.test(stderr), `${path}: ${stderr}`).toBe(true);
      }
      // A temporary file that cannot be unlinked is the one thing that may stay, for the next run.
      const foreign = () => [...survey(`${top}/dst`).keys()].filter((path) => !wanted.has(path));
      if (!calls.startsWith('unlink')) expect(foreign()).toEqual([]);

      await copy(args, { driver });
      expect(foreign()).toEqual([]);
      for (const [path, { type, content }] of survey(`${top}/dst`)) {
        expect([type, content]).toEqual([wanted.get(path)?.type, wanted.get(path)?.content]);
      }
      expect(survey(`${top}/dst`).size).toBe(wanted.size);
    },
  );
});
