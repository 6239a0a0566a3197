import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { disturbedAfter } from '../faults/support/window.ts';
import { mountImage } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { copy, expectExit } from '../support/run.ts';
import { failing } from '../support/strace.ts';
import { temp } from '../support/temp.ts';
import { directory, fifo, file, plant } from '../support/tree.ts';

const OURS = { uid: 1001, gid: 1002 };
/** Like the source's group, who may not read what an ACL has its group bits from. */
const GROUP = { uid: 1004, gid: 1002 };

/** Tries to read all that lies in a directory, and prints what it could. */
const READER = `
import os, sys
top = sys.argv[1]
seen = set()
print("ready", flush=True)
while True:
    for name in os.listdir(top):
        path = os.path.join(top, name)
        if path in seen:
            continue
        try:
            os.listdir(path) if os.path.isdir(path) else open(path).close()
        except OSError:
            continue
        seen.add(path)
        print(name, flush=True)
`;

const SLOWLY = ['fchown', 'fsetxattr', 'fchmod'].join();

needs(
  'root',
  'strace',
  'python3',
)('-a: at no moment may the group read what only an ACL lets others read', async () => {
  const top = temp();
  const acl = { acl: { 1003: 4 }, ...OURS };
  plant(`${top}/src`, {
    made: directory({ ...acl, acl: { 1003: 5 }, mode: 0o700 }),
    kept: directory({ ...OURS, mode: 0o700 }),
    // Split, so that it has a name before it has an ACL.
    big: { type: 'sparse', size: 65 << 20, data: [[0, 'x']], mode: 0o600, ...acl },
  });
  plant(`${top}/dst`, { kept: directory({ mode: 0o770 }) });
  const reader = spawn('python3', ['-c', READER, `${top}/dst`], { ...GROUP, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    reader.kill('SIGKILL');
  });
  let read = '';
  reader.stdout.on('data', (data: Buffer) => {
    read += data;
  });
  await new Promise((resolve) => reader.stdout.once('data', resolve));
  const delay = `inject=${SLOWLY}:delay_exit=60000`;
  const prefix = ['strace', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', `trace=${SLOWLY}`, '-e', delay];
  await copy(['-a', '-j', '2', `${top}/src`, `${top}/dst`], { driver: 'libc', prefix });
  expect(read).toBe('ready\n');
  expectRsyncSame(`${top}/src`, `${top}/dst`, { also: 'AX' });
});

needs(
  'root',
  'strace',
  'python3',
)('-a: without its ACL a mode lets nobody do more than with it', async () => {
  const top = temp();
  plant(`${top}/src`, {
    'let in': file('x', { mode: 0o600, acl: { 1003: 4 } }),
    'shut out': file('x', { mode: 0o644, acl: { 1003: 0 } }),
  });
  const { stderr } = await copy(['-a', `${top}/src`, `${top}/dst`], {
    driver: 'libc',
    prefix: failing('fsetxattr', 'EOPNOTSUPP'),
  });
  expect(lstatSync(`${top}/dst/let in`).mode & 0o777).toBe(0o600);
  expect(lstatSync(`${top}/dst/shut out`).mode & 0o777).toBe(0o600);
  expect(stderr).toContain('2 ACLs');
});

needs(
  'root',
  'rsync',
  'python3',
)('-a: what was there has the attributes and ACLs of the source, and no others', async () => {
  const top = temp();
  const extra = { xattrs: { 'user.extra': '1', 'trusted.extra': '2' }, acl: { 1003: 7 } };
  plant(`${top}/src`, {
    '': directory({ mode: 0o750 }),
    'd/own': directory({ mode: 0o750, xattrs: { 'user.own': 'new' }, acl: { 1005: 5 } }),
    d: directory({ mode: 0o700 }),
    'd/file': file('new', { mode: 0o640 }),
    'd/fifo': fifo({ mode: 0o660 }),
  });
  const plantOld = (dst: string): void =>
    plant(dst, {
      '': directory(extra),
      'd/own': directory({ xattrs: { 'user.own': 'old' }, defaultAcl: { 1003: 7 } }),
      d: directory({ ...extra, defaultAcl: { 1003: 7 } }),
      'd/file': file('old', extra),
    });
  for (const option of ['--no-atomic', '--reflink=auto']) {
    plantOld(`${top}/${option}`);
    await copy(['-a', option, `${top}/src`, `${top}/${option}`], { driver: 'libc' });
    expectRsyncSame(`${top}/src`, `${top}/${option}`, { also: 'AX' });
  }
  // Without -a a file that is written in place is let in to whom its source lets in.
  plantOld(`${top}/dst`);
  await copy(['--no-atomic', `${top}/src`, `${top}/dst`], { driver: 'libc' });
  expect(aclOf(`${top}/dst/d/file`)).toBe('user::rw-\ngroup::r--\nother::---\n\n');
});

needs('loop', 'python3')(
  '-a: an attribute larger than the destination can hold is a loss, not a full disk',
  async () => {
    const top = temp();
    plant(`${top}/src`, {
      a: file('a', { xattrs: { 'user.large': 'v'.repeat(8000), 'user.small': 'v' } }),
      b: file('b'),
    });
    const dst = `${mountImage('ext4')}/dst`;
    const { stderr } = await copy(['-a', `${top}/src`, dst], { driver: 'libc' });
    expect(stderr).toContain('1 extended attribute');
    expect(readdirSync(dst).sort()).toEqual(['a', 'b']);
  },
);

needs('root', 'python3')('-a: an ordinary user keeps the attributes of a file that may not be written', async () => {
  const top = temp();
  plant(`${top}/src`, { a: file('a', { ...GROUP, mode: 0o444, xattrs: { 'user.one': '1' } }) });
  mkdirSync(`${top}/out`);
  chmodSync(`${top}/out`, 0o777);
  const { stderr } = await copy(['-a', `${top}/src`, `${top}/out/dst`], { driver: 'libc', user: GROUP });
  expect(stderr).not.toMatch(/extended attribute/);
});

needs(
  'root',
  'strace',
  'python3',
)('a default ACL that appears meanwhile lets nobody in', async () => {
  const top = temp();
  plant(`${top}/src`, { x: file('secret', { mode: 0o640 }) });
  const stageFor = (lane: number) => {
    plant(`${top}/dst${lane}`, { '': directory(OURS) });
    return { from: `${top}/src`, destination: `${top}/dst${lane}`, traces: `${top}/traces`, driver: 'libc' as const };
  };
  const { result, stage } = await disturbedAfter(
    (windows) => windows.find(({ name }) => name === 'fgetxattr'),
    stageFor,
    ({ destination }) => spawnSync('setfacl', ['-d', '-m', 'u:1003:rwx', destination]),
  );
  expectExit(result, 0);
  expect(aclOf(stage.destination)).toContain('default:user:1003:rwx');
  expect(aclOf(`${stage.destination}/x`)).toBe('user::rw-\ngroup::r--\nother::---\n\n');
});

function aclOf(path: string): string {
  return spawnSync('getfacl', ['-cp', path], { encoding: 'utf8' }).stdout;
}
