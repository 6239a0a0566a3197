import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { failing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { file, plant, symlink } from '../support/tree.ts';
import { timesOf } from './precision.ts';

overBothDrivers((driver) => {
  needs('strace')('a transient failure is tried again, and only as often as was asked for', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/file': file('content') });
    const busy = (when: string) => failing('read,pread64', `EBUSY:when=${when}`, `${top}/src/d/file`);
    await copy([`${top}/src`, `${top}/once`], { driver, prefix: busy('1') });
    expectSame(`${top}/src`, `${top}/once`, { times: timesOf(driver) });
    const none = await pcopy(['--retries', '0', `${top}/src`, `${top}/none`], { driver, prefix: busy('1') });
    expect(expectExit(none, 1).stderr).toMatch(/^pcopy: .*d\/file: .+ \(EBUSY\)$/m);
    const always = await pcopy(['--retries=1', `${top}/src`, `${top}/always`], { driver, prefix: busy('1+') });
    expect(expectExit(always, 1).stderr).toMatch(/^pcopy: .*d\/file: .+ \(EBUSY\)$/m);
  });

  needs('strace')('EAGAIN is transient and bears its name', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/file': file('content') });
    const later = failing('openat,open', 'EAGAIN:when=1', ...openedAs('file'));
    await copy([`${top}/src`, `${top}/once`], { driver, prefix: later });
    const none = await pcopy(['--retries', '0', `${top}/src`, `${top}/none`], { driver, prefix: later });
    expect(expectExit(none, 1).stderr).toMatch(
      /^pcopy: .*d\/file: open: resource temporarily unavailable \(EAGAIN\)$/m,
    );
  });

  needs('strace')('a failure that is not transient is not tried again', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/file': file('content') });
    const prefix = failing('read,pread64', 'EIO:when=1', `${top}/src/d/file`);
    expectExit(await pcopy([`${top}/src`, `${top}/dst`], { driver, prefix }), 1);
  });

  const LISTINGS = [
    { call: 'getdents64', code: 'ESTALE', options: [] },
    { call: 'getdents64', code: 'EBUSY', options: ['--exclude', 'none', '-q'] },
    { call: 'getdents64', code: 'EAGAIN', options: ['--gitignore'] },
    { call: 'openat,open', code: 'EMFILE', options: [] },
    { call: 'openat,open', code: 'EBUSY', options: ['--exclude', 'none', '-q'] },
    { call: 'openat,open', code: 'ESTALE', options: ['--files-from', 'list'] },
  ];
  needs('strace').for(LISTINGS)('a directory is listed again after $code of $call with $options', async (listing) => {
    const top = temp();
    const { call, code, options } = listing;
    plant(`${top}/src`, { 'd/file': file('content') });
    plant(top, { list: file('d/file') });
    const prefix = failingParent(call, `${code}:when=1`, `${top}/src/d`, ...openedAs('d'));
    await copy([`${top}/src`, `${top}/once`, ...options], { driver, prefix, cwd: top });
    expectSame(`${top}/src`, `${top}/once`, { times: timesOf(driver) });
    const none = await pcopy(['--retries', '0', `${top}/src`, `${top}/none`, ...options], { driver, prefix, cwd: top });
    expect(expectExit(none, 1).stderr).toMatch(
      new RegExp(`^pcopy: .*src/d(/file)?: (list|open): .* \\(${code}\\)$`, 'm'),
    );
  });

  needs('strace')('what had been listed before a transient failure is copied once', async () => {
    const top = temp();
    const names = Array.from({ length: 1200 }, (_, i) => `${'long '.repeat(12)}${i}`);
    plant(`${top}/src`, Object.fromEntries(names.map((name) => [`d/${name}`, file()])));
    const prefix = failingParent('getdents64', 'EBUSY:when=2', `${top}/src/d`);
    const { stderr } = await copy([`${top}/src`, `${top}/dst`], { driver, prefix });
    expect(stderr).toContain('copied 1,200 files');
    expect(readdirSync(`${top}/dst/d`).length).toBe(1200);
  });

  needs('strace')('with -L a link is asked again where it leads', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/link': symlink('../file'), file: file('content') });
    const prefix = failingParent('statx,stat,newfstatat', 'EBUSY:when=1', ...openedAs('link'));
    await copy([`${top}/src`, `${top}/dst`, '-L', '--no-preflight'], { driver, prefix });
    expect(readFileSync(`${top}/dst/d/link`, 'utf8')).toBe('content');
  });
});

/** Without -f strace stays with the command, which lists; its workers go untouched. */
function failingParent(calls: string, error: string, ...paths: string[]): string[] {
  return failing(calls, error, ...paths).filter((word) => word !== '-f' && word !== '--seccomp-bpf');
}

/** What the two drivers open an entry of a held directory as. */
function openedAs(name: string): string[] {
  return [name, ...Array.from({ length: 64 }, (_, fd) => `/proc/self/fd/${fd}/${name}`)];
}
