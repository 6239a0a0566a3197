import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { pcopy, ROOT } from '../support/run.ts';
import { blockAfter, README } from './readme.ts';

test('the options are those of --help, to the letter', async () => {
  const { stdout } = await pcopy(['--help']);
  expect(blockAfter('help')).toBe(`${stdout.trimEnd()}\n`);
});

test('every code of our own is explained', () => {
  const sources = readdirSync(`${ROOT}/src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const text = sources.map((file) => readFileSync(`${ROOT}/src/${file}`, 'utf8')).join('\n');
  const codes = new Set([...text.matchAll(/'(EPCOPY_[A-Z]+)'/g)].map((match) => match[1] ?? ''));
  expect([...codes].filter((code) => !README.includes(`\`${code}\``))).toEqual([]);
});

test('every dependency has its reason', () => {
  const section = README.slice(README.indexOf('## Dependencies'));
  expect(Object.keys(manifest.dependencies).filter((name) => !section.includes(`| [${name}](`))).toEqual([]);
});

test('links inside the repository lead somewhere', () => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) expect(() => readFileSync(`${ROOT}/${link}`), link).not.toThrow();
});
