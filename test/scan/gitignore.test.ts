import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseGitignore } from '../../src/scan/gitignore-pattern.ts';
import { inside, type Raw, utf8 } from '../support/bytes.ts';
import { needs } from '../support/needs.ts';
import { temp } from '../support/temp.ts';
import { file, plant, symlink } from '../support/tree.ts';
import { everything, list } from './list.ts';

/** The files (directories aside) that git does not ignore. */
function gitFiles(root: string, paths: readonly Raw[]): Raw[] {
  const env = { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1', GIT_CEILING_DIRECTORIES: root };
  const run = (...args: string[]) => spawnSync('git', args, { cwd: root, env, encoding: 'latin1' });
  const init = run('init', '-q', '--template=', '.');
  if (init.status !== 0) throw new Error(init.stderr);
  run('config', 'core.excludesFile', '/dev/null');
  const { stdout, status, stderr } = run('ls-files', '-z', '--others', '--exclude-standard');
  if (status !== 0) throw new Error(stderr);
  const kept = new Set(stdout.split('\0'));
  return paths.filter((path) => kept.has(path));
}

async function ourFiles(root: string): Promise<Raw[]> {
  return (await list(root, { gitignore: true })).paths;
}

const name = fc
  .oneof(
    fc.array(fc.constantFrom('a', 'b', 'c', '.', '-', ']', '!', '#', ' ', '\\', '*', '[', '\xe9', utf8('é')), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom(['a'], ['b'], ['ab'], ['build']),
  )
  .map((parts) => parts.join(''))
  .filter((n) => n !== '.' && n !== '..');
const piece = fc.constantFrom(
  'a',
  'b',
  'c',
  'ab',
  'build',
  '*',
  '**',
  '***',
  '?',
  '/',
  '/',
  '\\',
  '\\a',
  '\\*',
  '\\ ',
  ' ',
  '!',
  '#',
  '.',
  '-',
  '\r',
  '[ab]',
  '[!a]',
  '[^b]',
  '[a-c]',
  '[]]',
  '[]-a]',
  '[a',
  '[[:alpha:]]',
  '[![:punct:]b]',
  '[[:nope:]]',
  '[c-a]',
  '[\\]]',
  '[a\\-c]',
  '[[:',
  '\xe9',
  utf8('é'),
);
const line = fc
  .tuple(
    fc.constantFrom('', '', '', '!', '/', '**/', '#'),
    fc.array(piece, { maxLength: 4 }),
    fc.constantFrom('', '', '/', '/**', ' '),
  )
  .map(([head, parts, tail]) => `${head}${parts.join('')}${tail}`)
  // gitignore(5) calls such asterisks regular ones, and `a*/**` leaves a file `a` in; git's `a**/**` does not (2.39).
  .filter((text) => !/[^/]\*{2,}\/|\*{3,}\//.test(text.replace(/^!/, '')));
const rules = fc
  .tuple(fc.constantFrom('', '\xef\xbb\xbf'), fc.array(line, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '\n'))
  .map(([mark, lines, end]) => mark + lines.join('\n') + end);

needs('git')('says what git says, for any rules in any directories', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(), rules), { minLength: 1, maxLength: 3 }),
      async (paths, files) => {
        const root = temp();
        const dirs: Raw[] = [''];
        for (const parts of paths) {
          try {
            mkdirSync(inside(root, parts.slice(0, -1).join('/')), { recursive: true });
            for (let i = 1; i < parts.length; i++) dirs.push(parts.slice(0, i).join('/'));
            writeFileSync(inside(root, parts.join('/')), '', { flag: 'wx' });
          } catch {
            // Taken.
          }
        }
        for (const [pick, text] of files) {
          const dir = dirs[pick % dirs.length] as Raw;
          writeFileSync(inside(root, dir === '' ? '.gitignore' : `${dir}/.gitignore`), text, 'latin1');
        }
        const all = everything(root);
        const ours = new Set(await ourFiles(root));
        const theirs = gitFiles(root, all);
        const isFile = (path: Raw): boolean =>
          !all.some((other) => other.startsWith(`${path}/`)) && !dirs.includes(path);
        expect(all.filter((path) => isFile(path) && ours.has(path))).toEqual(theirs.filter(isFile));
      },
    ),
    { numRuns: 40 },
  );
});

test('nested files, negation, anchors, directories only; nothing inside an ignored directory comes back', async () => {
  const root = temp();
  plant(root, {
    '.gitignore': file('*.log\n/build\nnode_modules/\n!keep.log\ndocs/*.pdf\n'),
    'x.log': file(),
    'keep.log': file(),
    'build/out': file(),
    'src/build/kept': file(),
    'src/node_modules/m/.gitignore': file('!*\n'),
    'src/node_modules/m/x': file(),
    'src/.gitignore': file('!x.log\n/kept.txt\n'),
    'src/x.log': file(),
    'src/y.log': file(),
    'src/kept.txt': file(),
    'src/deep/kept.txt': file(),
    'docs/a.pdf': file(),
    'docs/more/a.pdf': file(),
    'docs/node_modules': file('a file of that name'),
    '.git/HEAD': file(),
    '.git/x.log': file(),
  });
  expect(await ourFiles(root)).toEqual([
    '.git',
    '.git/HEAD',
    '.gitignore',
    'docs',
    'docs/more',
    'docs/more/a.pdf',
    'docs/node_modules',
    'keep.log',
    'src',
    'src/.gitignore',
    'src/build',
    'src/build/kept',
    'src/deep',
    'src/deep/kept.txt',
    'src/x.log',
  ]);
});

test('a .gitignore that is a link or a directory is none', async () => {
  const root = temp();
  plant(root, { rules: file('*'), '.gitignore': symlink('rules'), a: file(), 'd/.gitignore/x': file(), 'd/y': file() });
  expect(await ourFiles(root)).toEqual(everything(root));
});

test('lines that say nothing make no rule', () => {
  expect(parseGitignore('\n# comment\n   \n\r\n/\n!\n[a\nx\\\n')).toEqual([]);
  expect(parseGitignore('\\#x\n\\!x\nx\\ \n')).toHaveLength(3);
});

test('an ignored directory is not entered, so that it need not be readable', async () => {
  const root = temp();
  plant(root, { '.gitignore': file('secret/\n'), 'secret/x': file(), a: file() });
  symlinkSync('secret', `${root}/link`);
  const { directoriesEntered, paths } = await list(root, { gitignore: true });
  expect(directoriesEntered).toEqual(['']);
  expect(paths).toEqual(['.gitignore', 'a', 'link']);
});
