import { chmodSync, mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, expectExit, ORDINARY, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, file, plant, symlink } from '../support/tree.ts';

const tree = {
  empty: file(),
  'd/four': file('four'),
  'd/eight': file('eight ab'),
  'd/link': symlink('eight'),
  hollow: directory(),
};

const names = (top: string) => [...survey(top).keys()].filter((path) => path !== '').sort();
const rest = ['d', 'd/link', 'hollow'];

overBothDrivers((driver) => {
  test('files below --min-size and above --max-size are skipped, their ends included, and nothing but files', async () => {
    const top = temp();
    plant(`${top}/src`, tree);
    for (const [options, kept] of [
      [
        ['--min-size', '1'],
        ['d/eight', 'd/four'],
      ],
      [['--min-size', '5'], ['d/eight']],
      [
        ['--max-size', '4'],
        ['d/four', 'empty'],
      ],
      [['--max-size=0'], ['empty']],
      [['--min-size=4', '--max-size=4', '--gitignore'], ['d/four']],
      [['--min-size=4', '--max-size=7', '--include', '**'], ['d/four']],
    ] as const) {
      const dst = `${top}/dst-${options.join('')}`;
      await copy([`${top}/src`, dst, ...options], { driver });
      expect(names(dst), options.join(' ')).toEqual([...rest, ...kept].sort());
    }
  });

  test('--delete keeps at the destination what the source has in another size', async () => {
    const top = temp();
    plant(`${top}/src`, tree);
    plant(`${top}/dst`, { 'd/four': file('old'), gone: file('gone') });
    await copy([`${top}/src`, `${top}/dst`, '--min-size', '5', '--delete'], { driver });
    expect(names(`${top}/dst`)).toEqual([...rest, 'd/eight', 'd/four'].sort());
  });
});

needs('root')('a file whose size cannot be read is an error and not skipped', async () => {
  const top = temp();
  // Its names can be read, and nothing of them.
  plant(`${top}/src`, { 'd/a': file('a'), d: directory({ mode: 0o444 }) });
  mkdirSync(`${top}/dst`, { mode: 0o777 });
  chmodSync(`${top}/dst`, 0o777);
  const result = await pcopy([`${top}/src`, `${top}/dst`, '--min-size', '2'], { user: ORDINARY });
  expectExit(result, 1);
  expect(result.stderr).toContain('src/d/a: ');
});
