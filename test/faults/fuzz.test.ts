import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bytes } from '../support/bytes.ts';
import { needs } from '../support/needs.ts';
import { Random } from '../support/random.ts';
import { copy, type Finished, pcopy, type RunOptions } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';
import { FULL } from './support/matrix.ts';

const INPUTS = FULL ? 150 : 1;
/** What each input may take at most: hundred times what it does take. */
const BUDGET: RunOptions = { timeoutMs: 20_000 };

const TREE: Tree = {
  ['a'.repeat(200)]: file(),
  ['-.'.repeat(100)]: file(),
  [`${'a/'.repeat(60)}b`]: file(),
  'ab.b': file(),
  'b/[a]/é': file(),
};

const PIECES = [
  ...['a', 'b', 'ab', '.', '-', '/', '//', './', '../', ' ', '#', '!', '\\', '\\a', '\r', '"', "'", '`', '$', '^', 'é'],
  ...['*', '**', '**/', '/**', '?', '*a', '[ab]', '[!a]', '[^-]', '[', ']', '[[:alpha:]]', '[z-a]', '[]', '{', '}'],
  ...['{a,b}', '{1..9}', '{a..}', '{,', ',', '(', ')', '|', '+(a|b)', '*(a|aa)', '!(a)', '!(*.b)', '@(', '?(a', '(?='],
];

/** Text of some pieces, one of them now and then very often. */
function nasty(random: Random, most: number): string {
  let text = '';
  for (let parts = 1 + random.below(6); parts > 0; parts--) {
    const piece = PIECES[random.below(PIECES.length)] ?? '';
    const times = random.below(4) === 0 ? 2 ** random.below(17) : 1 + random.below(3);
    text += piece.repeat(Math.min(times, Math.floor(most / piece.length)));
  }
  return text.slice(0, most);
}

function lines(random: Random, end = '\n'): Buffer {
  const few = Array.from({ length: 1 + random.below(5) }, () => nasty(random, 1 << 17));
  const many = random.below(6) === 0 ? Array.from({ length: 20_000 }, (_, i) => `${nasty(random, 8)}${i}`) : [];
  const odd = random.below(4) === 0 ? [random.bytes(random.below(500)).toString('latin1')] : [];
  return bytes(Buffer.from([...few, ...many].join(end)).toString('latin1') + odd.map((line) => end + line).join(''));
}

function log(random: Random): string {
  const start = { type: 'start', source: '/', destination: '/', dryRun: false };
  const events = Array.from({ length: 1 + random.below(20) }, () => {
    const path = nasty(random, 1 << 16);
    const exact = random.below(2) === 0 ? { pathBase64: random.bytes(9).toString('base64') } : {};
    return { type: 'error', path, ...exact, code: 'EIO', action: 'read', side: 'source', message: '' };
  });
  const text = [start, ...events, { type: 'end', outcome: 'incomplete' }].map((e) => JSON.stringify(e)).join('\n');
  return random.below(3) === 0 ? text.slice(0, random.below(text.length)) + nasty(random, 100) : text;
}

const KINDS: Record<string, (random: Random, top: string) => string[]> = {
  include: (random) => ['--include', nasty(random, 1 << 16).replaceAll('\0', '')],
  exclude: (random) => ['--exclude', nasty(random, 2000), '--exclude', nasty(random, 200), '--delete'],
  'exclude-from': (random, top) => given(`${top}/input`, lines(random), '--exclude-from'),
  gitignore: (random, top) => given(`${top}/src/.gitignore`, lines(random), '--gitignore'),
  'files-from': (random, top) => given(`${top}/input`, lines(random), '--files-from'),
  'files-from -0': (random, top) => [...given(`${top}/input`, lines(random, '\0'), '--files-from'), '-0'],
  'retry-from': (random, top) => given(`${top}/input`, log(random), '--retry-from'),
};

function given(path: string, content: string | Buffer, option: string): string[] {
  writeFileSync(path, content);
  return option === '--gitignore' ? [option] : [option, path];
}

function expectAnswer(result: Finished, what: string): void {
  expect([0, 1, 2, 3], `${what}: ${result.signal}\n${result.stderr.slice(-2000)}`).toContain(result.code);
  expect(result.stderr, what).not.toMatch(/please report|EPCOPY_INTERNAL/);
}

test('whatever patterns and lists say, there is an answer, and soon', { timeout: 3_600_000 }, async () => {
  const top = temp();
  plant(`${top}/src`, TREE);
  for (let seed = 1; seed <= INPUTS; seed++) {
    for (const [kind, input] of Object.entries(KINDS)) {
      const options = input(new Random(seed), top);
      const result = await pcopy([...options, '-j1', '-q', '--', `${top}/src`, `${top}/dst`], BUDGET).catch((error) => {
        throw new Error(`${kind}, seed ${seed}: ${String(error).slice(0, 500)}`);
      });
      expectAnswer(result, `${kind}, seed ${seed}`);
      rmSync(`${top}/src/.gitignore`, { force: true });
    }
  }
});

needs('sha256sum')(
  'whatever files are called, sha256sum understands the manifest',
  { timeout: 3_600_000 },
  async () => {
    for (let seed = 1; seed <= INPUTS; seed++) {
      const random = new Random(seed);
      const top = temp();
      const name = () =>
        random
          .bytes(1 + random.below(200))
          .toString('latin1')
          .replace(/[\0/]|^\.{1,2}$/g, '_');
      plant(`${top}/src`, Object.fromEntries(Array.from({ length: 50 }, () => [`${name()}/${name()}`, file(name())])));
      await copy([`${top}/src`, `${top}/dst`, '--manifest', `${top}/SUMS`], BUDGET);
      const { status, stdout, stderr } = spawnSync('sha256sum', ['-c', '--strict', `${top}/SUMS`], {
        cwd: `${top}/dst`,
      });
      expect(status, `seed ${seed}\n${stderr}`).toBe(0);
      expect(String(stdout).match(/: OK$/gm)).toHaveLength(50);
    }
  },
);
