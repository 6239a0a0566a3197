import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';

const IGNORES: Record<string, string> = {
  '.gitignore':
    '# comment\n\n*.log\n!keep.log\n/build\nlogs/\n**/cache\ndoc/*.html\n\\#hash\ntrailing\\ \n*.tmp  \nfoo/**/bar\n',
  'a/.gitignore': '/only-here\n*.txt\n!important.txt\nbuild\n',
  'a/b/.gitignore': '!*.log\n',
  'kept/.gitignore': '*\n!.gitignore\n!*.md\n',
};

const PATHS = [
  'x.log',
  'keep.log',
  'build/out',
  'src/build/out',
  'logs/today',
  'a/logs/today',
  'src/logs',
  'cache/x',
  'src/cache/x',
  'doc/a.html',
  'doc/sub/a.html',
  '#hash',
  'trailing ',
  'x.tmp',
  'foo/bar',
  'foo/1/2/bar/x',
  'a/only-here',
  'a/sub/only-here',
  'a/one.txt',
  'a/important.txt',
  'a/build/x',
  'a/b/x.log',
  'a/b/deep/y.log',
  'a/b/z.txt',
  'kept/x.js',
  'kept/readme.md',
  'kept/sub/readme.md',
  'one.txt',
];

overBothDrivers((driver) => {
  needs('git')('--gitignore copies what git would list', async () => {
    const top = temp();
    const tree: Tree = Object.fromEntries(PATHS.map((path) => [path, file(path)]));
    for (const [path, content] of Object.entries(IGNORES)) tree[path] = file(content);
    plant(`${top}/src`, tree);
    const git = (...args: string[]) =>
      spawnSync('git', ['--git-dir', `${top}/git`, '--work-tree', `${top}/src`, ...args], {
        cwd: `${top}/src`,
        encoding: 'utf8',
      });
    git('init', '-q');
    const listed = git('ls-files', '-z', '--others', '--exclude-standard')
      .stdout.split('\0')
      .filter((path) => path !== '');
    expect(listed.length).toBeGreaterThan(10);
    await copy(['--gitignore', `${top}/src`, `${top}/dst`], { driver });
    const copied = [...survey(`${top}/dst`)].filter(([, item]) => item.type === 'file').map(([path]) => path);
    expect(copied.sort()).toEqual(listed.sort());
  });
});
