import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { expectSame } from '../support/compare.ts';
import { isRoot, needs } from '../support/needs.ts';
import { oddTree } from '../support/odd-tree.ts';
import { childrenOf, openFiles } from '../support/processes.ts';
import { copy, expectExit, ORDINARY, overBothDrivers, pcopy, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, hardlink, plant } from '../support/tree.ts';
import { timesOf } from './precision.ts';
import { SLOW, slowFile } from './slow.ts';

overBothDrivers((driver) => {
  needs('python3', 'sha256sum')(
    '--verify --manifest: sha256sum -c agrees about every file, odd names too',
    async () => {
      const top = temp();
      const tree = oddTree({ unreadable: isRoot() });
      plant(`${top}/src`, tree);
      await copy(['--verify', '--manifest', `${top}/SUMS`, `${top}/src`, `${top}/dst`, '-j', '2'], { driver });
      expectSame(`${top}/src`, `${top}/dst`, { times: timesOf(driver) });
      const check = spawnSync('sha256sum', ['-c', '--strict', '--quiet', `${top}/SUMS`], {
        cwd: `${top}/dst`,
        encoding: 'utf8',
      });
      expect(check.stdout + check.stderr).toBe('');
      expect(check.status).toBe(0);
      const links = Object.values(tree).filter((entry) => entry.type === 'hardlink' && entry.to !== 'links/loop');
      const files =
        Object.values(tree).filter(({ type }) => type === 'file' || type === 'sparse').length + links.length;
      expect(readFileSync(`${top}/SUMS`, 'latin1').trimEnd().split('\n').length).toBe(files);
    },
  );

  needs('sha256sum')('a manifest of a second run with -u, and of one that fails, lists what is there', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a'), 'd/b': file('b'), 'd/c': hardlink('a') });
    await copy([`${top}/src`, `${top}/dst`], { driver });
    await copy(['-u', '--manifest', `${top}/SUMS`, `${top}/src`, `${top}/dst`], { driver });
    const { status, stdout } = spawnSync('sha256sum', ['-c', `${top}/SUMS`], { cwd: `${top}/dst`, encoding: 'utf8' });
    expect(stdout.split('\n').sort()).toEqual(['', 'a: OK', 'd/b: OK', 'd/c: OK']);
    expect(status).toBe(0);
    expect(readdirSync(top).sort()).toEqual(['SUMS', 'dst', 'src']);
  });

  test('a manifest that cannot have its place is refused before anything is copied', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a'), 'there/x': file('x'), plain: file('x'), 'src/inner/x': file('x') });
    symlinkSync('src/inner', `${top}/alias`);
    for (const [manifest, code] of [
      ['there', 'EISDIR'],
      ['there/', 'EISDIR'],
      ['.', 'EISDIR'],
      ['missing/SUMS', 'ENOENT'],
      ['missing/', 'ENOENT'],
      ['plain/SUMS', 'ENOTDIR'],
      ['src/SUMS', 'EPCOPY_OVERLAP'],
      ['alias/SUMS', 'EPCOPY_OVERLAP'],
    ] as const) {
      const { stderr } = expectExit(await pcopy(['src', 'dst', '--manifest', manifest], { driver, cwd: top }), 3);
      expect(stderr).toContain(`pcopy: ${manifest}: `);
      expect(stderr).toContain(`(${code})`);
      expect(readdirSync(top).sort()).toEqual(['alias', 'plain', 'src', 'there']);
    }
    // Nor may it be the one file that is copied, or take the place of a copy.
    for (const [args, manifest] of [
      [['plain', 'dst'], './plain'],
      [['plain', 'there/plain'], 'there/plain'],
      [['plain', 'there'], 'there/plain'],
      [['src', 'dst'], 'dst/a'],
    ] as const) {
      const { stderr } = expectExit(await pcopy([...args, '--manifest', manifest], { driver, cwd: top }), 3);
      expect(stderr).toContain(`pcopy: ${manifest}: the manifest would`);
      expect(readFileSync(`${top}/plain`, 'utf8')).toBe('x');
      expect(readdirSync(top).sort()).toEqual(['alias', 'plain', 'src', 'there']);
    }
    // Beside one file there is no harm in it.
    await copy(['src/a', 'dst', '--manifest', 'src/SUMS'], { driver, cwd: top });
    expect(readFileSync(`${top}/src/SUMS`, 'utf8')).toMatch(/ {2}dst\n$/);
    // Among what is at the destination it may be.
    await copy(['there', 'there2', '--manifest', 'there2/SUMS'], { driver, cwd: top });
    expect(readFileSync(`${top}/there2/SUMS`, 'utf8')).toMatch(/ {2}x\n$/);
    // And is not extraneous there.
    const mirror = ['there', 'there2', '-u', '--delete', '--max-delete', '0', '--manifest', 'there2/SUMS'];
    await copy(mirror, { driver, cwd: top });
  });

  needs('mkfifo')('a manifest that is a FIFO goes to its reader, and is refused when there is none', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a') });
    spawnSync('mkfifo', [`${top}/fifo`]);
    const args = ['src', 'dst', '--manifest', 'fifo'];
    const { stderr } = expectExit(await pcopy(args, { driver, cwd: top, timeoutMs: 10_000 }), 3);
    expect(stderr).toMatch(/^pcopy: fifo: cannot make the manifest: .* \(ENXIO\)$/m);
    expect(readdirSync(top).sort()).toEqual(['fifo', 'src']);
    const reader = openSync(`${top}/fifo`, constants.O_RDWR | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(reader));
    await copy(args, { driver, cwd: top });
    const buffer = Buffer.alloc(1000);
    expect(buffer.toString('latin1', 0, readSync(reader, buffer))).toMatch(/^[0-9a-f]{64} {2}a\n$/);
  });

  needs('root')('a manifest where one may not write is refused too', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a'), 'closed/x': file('x'), 'out/x': file('x'), out: directory(ORDINARY) });
    const run = await pcopy(['src', 'out/dst', '--manifest', 'closed/SUMS'], { driver, cwd: top, user: ORDINARY });
    expect(expectExit(run, 3).stderr).toMatch(/^pcopy: closed\/SUMS: cannot make the manifest: .+ \(EACCES\)$/m);
    expect(readdirSync(`${top}/out`)).toEqual(['x']);
  });

  test('--verify finds a byte that changed between writing and reading back', async () => {
    const top = temp();
    plant(`${top}/src`, { 'd/file': slowFile(1_000_000), 'd/other': file('other') });
    const run = start([...SLOW, '--verify', '-j', '1', `${top}/src`, `${top}/dst`], { driver });
    let temporary: string | undefined;
    await until(() => {
      for (const { pid } of childrenOf(run.pid)) {
        const fds = openFiles(pid);
        const at = fds.findIndex((path) => path.startsWith(`${top}/dst/d/`));
        if (at < 0 || !fds.includes(`${top}/src/d/file`)) continue;
        temporary = descriptorPath(pid, `${top}/dst/d/`);
      }
      return temporary !== undefined && readFileSync(temporary).length > 100;
    }, 'the temporary file');
    const fd = openSync(temporary ?? '', 'r+');
    writeSync(fd, '?', 50);
    closeSync(fd);
    const { stderr } = expectExit(await run.done, 1);
    expect(stderr).toMatch(/^pcopy: .*d\/file: .+ \(\w+\)$/m);
    expect(existsSync(`${top}/dst/d/file`)).toBe(false);
    expect(readdirSync(`${top}/dst/d`)).toEqual(['other']);
  });
});

/** The open file as /proc shows it: also one that has no name. */
function descriptorPath(pid: number, under: string): string | undefined {
  const paths = readdirSync(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`);
  return paths.find((path) => {
    try {
      return readlinkSync(path).startsWith(under);
    } catch {
      return false; // Closed meanwhile.
    }
  });
}
