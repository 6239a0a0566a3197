import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { utf8 } from '../support/bytes.ts';
import { survey } from '../support/compare.ts';
import { copy, expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, symlink, type Tree } from '../support/tree.ts';

const PATHS = [
  'top.txt',
  'top.log',
  '.hidden',
  'a/one.txt',
  'a/one.log',
  'a/b/two.txt',
  'a/.dot/x.txt',
  'node_modules/m/x.js',
  utf8('grüße/ä.txt'),
];

const tree: Tree = { ...Object.fromEntries(PATHS.map((path) => [path, file(path)])), 'a/link.txt': symlink('one.txt') };

function files(top: string): string[] {
  return [...survey(top)]
    .filter(([, item]) => item.type !== 'directory')
    .map(([path]) => path)
    .sort();
}

const all = [...PATHS, 'a/link.txt'].sort();
const without = (...gone: string[]) => all.filter((path) => !gone.includes(path));
const text = all.filter((path) => path.endsWith('.txt'));

overBothDrivers((driver) => {
  test('--include and --exclude: fast-glob patterns over relative paths; exclude wins', async () => {
    const top = temp();
    plant(`${top}/src`, tree);
    const cases: [string[], string[]][] = [
      [[], all],
      [['--include', '**/*.txt'], text],
      [['--include', '*.txt'], ['top.txt']],
      [['--include', 'a/**', '--include', 'top.*'], all.filter((path) => /^a\/|^top/.test(path))],
      [['--exclude', '**/*.log', '--exclude', '.hidden'], without('top.log', 'a/one.log', '.hidden')],
      [['--exclude', 'node_modules'], without('node_modules/m/x.js')],
      [['--exclude', '**/b/**', '--exclude', 'a/.dot'], without('a/b/two.txt', 'a/.dot/x.txt')],
      [['--include', '**/*.txt', '--exclude', 'a'], text.filter((path) => !path.startsWith('a/'))],
      [['--include', 'grüße/*'], [utf8('grüße/ä.txt')]],
      [
        ['--exclude', 'gr??e', '--exclude', '**/{one,two}.*'],
        without(utf8('grüße/ä.txt'), 'a/one.txt', 'a/one.log', 'a/b/two.txt'),
      ],
    ];
    for (const [i, [options, expected]] of cases.entries()) {
      await copy([...options, `${top}/src`, `${top}/dst${i}`], { driver });
      expect(files(`${top}/dst${i}`), options.join(' ')).toEqual(expected);
    }
  });

  test('an exclude of what is in a folder leaves the folder itself', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/b/f': file(), 'c/a/f': file(), 'd/f': file() });
    await copy([`${top}/src`, `${top}/dst`, '--exclude', '**/a/**', '--exclude', '{d/**,x}'], { driver });
    expect([...survey(`${top}/dst`).keys()].filter((path) => path !== '').sort()).toEqual(['a', 'c', 'c/a', 'd']);
  });

  test('an exclude that was perhaps meant for any depth is told, with where it stands', async () => {
    const top = temp();
    plant(top, {
      'src/a/x.o': file(),
      'src/y.o': file(),
      'src/a/tmp/f': file(),
      'src/a/z.p': file(),
      'src/q.r': file(),
    });
    writeFileSync(`${top}/SKIP`, '\ufeff*.o\n# c\ntmp\n');
    writeFileSync(`${top}/LIST`, '\ufeffq.r\n');
    writeFileSync(`${top}/BAD`, '\n!x\n');
    const args = ['src', '--exclude-from', 'SKIP', '--exclude', '*.p', '--exclude', './*.o', '--exclude', '*.r'];
    const { stderr } = await copy([...args, 'dst'], { cwd: top, driver });
    const warnings = stderr.split('\n').filter((line) => line.includes('EPCOPY_NOMATCH'));
    expect(warnings.map((line) => line.replace(/^.*warning: /, '').replace(/ \(.*/, ''))).toEqual([
      "--exclude '*.p' matches nothing: did you mean '**/*.p'?",
      "--exclude-from SKIP, line 3: 'tmp' matches nothing: did you mean '**/tmp'?",
      "--exclude-from SKIP, line 1: '*.o' matches at the top only: did you mean '**/*.o'?",
    ]);
    const narrow = [
      '--include',
      'z.p',
      '--include',
      'q.r',
      '--include',
      '*.none',
      '--include',
      'f',
      '--exclude',
      '**/tmp',
    ];
    const { stderr: included } = await copy(['src', 'dst1', ...narrow], { cwd: top, driver });
    expect(included.match(/--include .*(?= \()/g)).toEqual([
      "--include 'z.p' matches nothing: did you mean '**/z.p'?",
      "--include '*.none' matches nothing",
      "--include 'f' matches nothing",
    ]);
    await copy(['src', 'dst2', '--files-from', 'LIST'], { cwd: top, driver });
    expect(files(`${top}/dst2`)).toEqual(['q.r']);
    const { stderr: bad } = expectExit(await pcopy(['src', 'dst3', '--exclude-from', 'BAD'], { cwd: top, driver }), 2);
    expect(bad).toContain('--exclude-from BAD, line 2: got "!x"');
  });

  test('--exclude-from reads patterns, a line each', async () => {
    const top = temp();
    plant(`${top}/src`, tree);
    writeFileSync(`${top}/patterns`, '# comment\n\n**/*.log\nnode_modules\n');
    await copy(['--exclude-from', `${top}/patterns`, `${top}/src`, `${top}/dst`], { driver });
    expect(files(`${top}/dst`)).toEqual(without('top.log', 'a/one.log', 'node_modules/m/x.js'));
    const { stderr } = expectExit(
      await pcopy(['--exclude-from', `${top}/none`, `${top}/src`, `${top}/x`], { driver }),
      2,
    );
    expect(stderr).toContain('none');
  });
});
