import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mayBlockOnTheWay } from '../../src/plan/mounts.ts';
import { temp } from '../support/temp.ts';

test('a path may block when it or a link in it leads to what a server or a process answers for', () => {
  const dir = temp();
  mkdirSync(`${dir}/local`);
  mkdirSync(`${dir}/served/below`, { recursive: true });
  symlinkSync('../served', `${dir}/local/relative`);
  symlinkSync(`${dir}/served/below`, `${dir}/local/absolute`);
  symlinkSync('relative', `${dir}/local/twice`);
  symlinkSync('loop', `${dir}/local/loop`);
  const mounts = [
    { device: '0:1', root: '/', point: '/', type: 'ext4' },
    { device: '0:2', root: '/', point: `${dir}/served`, type: 'fuse.sshfs' },
  ];
  const blocks = (path: string) => mayBlockOnTheWay([dir, `${dir}/${path}`], mounts);
  const there = ['served', 'served/x', 'local/relative', 'local/absolute/x', 'local/../served', 'local/loop'];
  const through = ['local/twice/..', 'local/relative/../local'];
  const here = ['local', 'local/none/x', 'served-not', 'local/../local', 'local/./'];
  expect([...there, ...through].filter((path) => !blocks(path))).toEqual([]);
  expect(here.filter(blocks)).toEqual([]);
});
