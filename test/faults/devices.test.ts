import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { type Item, survey } from '../support/compare.ts';
import { mountImage, mountTmpfs } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { Random } from '../support/random.ts';
import { copy, expectExit, overBothDrivers, pcopy, until } from '../support/run.ts';
import { makeTemp, removeTree, temp } from '../support/temp.ts';
import { file, plant, symlink, type Tree } from '../support/tree.ts';
import { damage, run, whileUnmounted } from './support/devices.ts';
import { membersOf, pause, startMarked } from './support/moment.ts';
import { plantSource } from './support/scene.ts';
import { halfFiles, judge, named } from './support/verdict.ts';

const nothing = new Map<string, Item>();

function random(count: number, size: number): Tree {
  const source = new Random(5);
  const tree: Tree = {};
  const seconds = 1_600_000_000n * 1_000_000_000n;
  for (let i = 0; i < count; i++) tree[`d${i % 3}/f${i}`] = file(source.bytes(size), { mtime: seconds });
  return tree;
}

overBothDrivers((driver) => {
  needs(
    'root',
    'loop',
    'mkfs.ext4',
  )('a disk that fills up: 4, whole files or none, and room for them is enough', async () => {
    const top = temp();
    const source = plantSource(`${top}/src`, random(30, 1 << 20));
    const destination = `${mountImage('ext4', 16 << 20)}/dst`;
    const result = await pcopy(['--no-preflight', '-j', '2', `${top}/src`, destination], { driver });
    expectExit(result, 4);
    expect(judge(result, { source, before: nothing, from: `${top}/src`, destination })).toEqual([]);
    expect([...named(result.stderr, destination).values()]).toContain('ENOSPC');
    // What was in hand, not each of the files that would not fit either.
    expect(named(result.stderr, `${top}/src`, destination).size).toBeLessThan(12);
  });

  needs('root')('no inodes left, for files, directories and links alike', async () => {
    const top = temp();
    for (const [what, make] of Object.entries({
      files: () => file(''),
      links: () => symlink('somewhere'),
    })) {
      const names = Array.from({ length: 60 }, (_, i) => [`d${i}/${what}`, make()] as const);
      const source = plantSource(`${top}/${what}`, Object.fromEntries(names));
      const destination = `${mountTmpfs({ inodes: 50 })}/dst`;
      const result = await pcopy(['--no-preflight', '-j', '2', `${top}/${what}`, destination], { driver });
      expectExit(result, 4);
      expect(judge(result, { source, before: nothing, from: `${top}/${what}`, destination })).toEqual([]);
    }
  });

  needs(
    'root',
    'loop',
    'mkfs.btrfs',
    'btrfs',
  )('a quota that is used up', async () => {
    const top = temp();
    const source = plantSource(`${top}/src`, random(30, 1 << 20));
    const mount = mountImage('btrfs');
    run('btrfs', 'quota', 'enable', mount);
    run('btrfs', 'subvolume', 'create', `${mount}/limited`);
    run('btrfs', 'qgroup', 'limit', '8M', `${mount}/limited`);
    const destination = `${mount}/limited/dst`;
    const result = await pcopy(['--no-preflight', '-j', '2', `${top}/src`, destination], { driver });
    expectExit(result, 4);
    expect(result.stderr).toMatch(/disk quota exceeded \(EDQUOT\)/);
    expect(judge(result, { source, before: nothing, from: `${top}/src`, destination })).toEqual([]);
  });

  needs(
    'root',
    'loop',
    'mkfs.btrfs',
  )('a bad block in the source is that file only', async () => {
    const mount = mountImage('btrfs');
    const marked = Buffer.alloc(400_000, 'content ');
    marked.write('this block will go bad', 250_000);
    plant(`${mount}/src`, { 'd/bad': file(marked), 'd/good': file('good'), 'e/good': file('good too') });
    const source = survey(`${mount}/src`);
    whileUnmounted(mount, (image) => expect(damage(image, 'this block will go bad')).toBeGreaterThan(0));
    const top = temp();
    plant(`${top}/dst`, { 'd/bad': file('as it was') });
    const before = survey(`${top}/dst`);
    const result = await pcopy([`${mount}/src`, `${top}/dst`, '-j', '2'], { driver });
    expectExit(result, 1);
    expect([...named(result.stderr, `${mount}/src`)]).toEqual([['d/bad', 'EIO']]);
    const expected = { source, before, from: `${mount}/src`, destination: `${top}/dst` };
    // To the microsecond at best: nobody says that times are lost here by name.
    expect(judge(result, expected).filter((line) => driver === 'libc' || !/whole/.test(line))).toEqual([]);
  });

  needs('root')('a part of the destination that is read-only is that part only', async () => {
    const top = temp();
    const source = plantSource(`${top}/src`, random(12, 1000));
    mkdirSync(`${top}/dst`);
    const readOnly = mountTmpfs();
    run('mount', '-o', 'remount,ro', readOnly);
    mkdirSync(`${top}/dst/d1`);
    run('mount', '--bind', readOnly, `${top}/dst/d1`);
    onTestFinished(() => {
      spawnSync('umount', [`${top}/dst/d1`]);
    });
    const expected = { source, before: survey(`${top}/dst`), from: `${top}/src`, destination: `${top}/dst` };
    const result = await pcopy([expected.from, expected.destination, '-j', '2'], { driver });
    expectExit(result, 1);
    expect(judge(result, { ...expected, causes: ['EROFS'] })).toEqual([]);
    expectExit(await pcopy([expected.from, `${readOnly}/dst`], { driver }), 3);
  });

  needs(
    'root',
    'loop',
    'mkfs.xfs',
    'xfs_io',
  )('a disk that dies in the middle: everything is named, nothing hangs', async () => {
    const top = temp();
    const source = plantSource(`${top}/src`, random(90, 60_000));
    const mount = mountImage('xfs');
    const destination = `${mount}/dst`;
    const running = startMarked(
      destination,
      ['--no-preflight', '-j', '2', '--batch', '1', `${top}/src`, destination],
      driver,
    );
    await until(() => statSync(`${destination}/d0`, { throwIfNoEntry: false }) !== undefined, 'the first directory');
    await pause(20);
    run('xfs_io', '-x', '-c', 'shutdown', mount);
    const result = await running.done;
    await until(() => membersOf(destination).length === 0, 'the end of every process', 5_000);
    expect(result.code === 0 || result.code === 1 || result.code === 4, result.stderr).toBe(true);
    if (result.code !== 0) expect(result.stderr).toMatch(/\(EIO\)/);
    whileUnmounted(mount, () => {});
    // Without --fsync a power cut may cost what was written last, but the next run puts it right.
    await copy([`${top}/src`, destination], { driver });
    expect(halfFiles({ source, before: nothing, from: `${top}/src`, destination })).toEqual([]);
  });

  needs(
    'root',
    'loop',
    'mkfs.xfs',
    'xfs_io',
  )('--fsync: after a cut of power everything that was reported is there', async () => {
    const top = temp();
    plant(`${top}/src`, {
      ...random(25, 30_000),
      'd0/link': symlink('f0', { mtime: 10n ** 18n }),
      'new/deep/er': file('x', { mtime: 10n ** 18n }),
    });
    run('find', `${top}/src`, '-type', 'd', '-exec', 'touch', '-d', '@1600000000', '{}', '+');
    const mount = mountImage('xfs');
    plant(`${mount}/dst`, { 'd1/f1': file('old') });
    await copy(['--fsync', '-j', '2', `${top}/src`, `${mount}/dst`], { driver });
    run('xfs_io', '-x', '-c', 'shutdown', mount);
    whileUnmounted(mount, () => {});
    const after = survey(`${mount}/dst`);
    for (const [path, item] of survey(`${top}/src`)) {
      const { content, mtime, type, mode } = after.get(path) ?? {};
      expect({ path, content, mtime, type, mode }).toEqual({
        path,
        content: item.content,
        mtime: item.mtime,
        type: item.type,
        mode: item.mode,
      });
    }
  });

  needs('root')(
    "nothing to leave notes in: a full memory file system of the machine is not the copy's failure",
    async () => {
      // Whatever the toolkit keeps in shared memory must not be needed: the copy runs where there is none.
      const top = makeTemp({ on: 'disk' });
      onTestFinished(() => removeTree(top));
      plant(`${top}/src`, random(6, 5000));
      const full = 'mount -t tmpfs -o size=4k,nr_inodes=2 tmpfs /dev/shm && touch /dev/shm/full; exec "$@"';
      // As in a read-only container.
      const none = 'mount -t tmpfs -o ro tmpfs /dev/shm && export TMPDIR=/nowhere; exec "$@"';
      for (const [name, command] of Object.entries({ full, none })) {
        const prefix = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', command, 'sh'];
        await copy([`${top}/src`, `${top}/${name}`, '-j', '2'], { driver, prefix });
        expect(survey(`${top}/${name}`).get('d0/f0')?.content).toBe(survey(`${top}/src`).get('d0/f0')?.content);
      }
    },
  );
});
