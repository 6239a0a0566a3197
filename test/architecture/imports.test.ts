import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { ENTRIES, LIBRARIES, ONE_IMPORTER, ROOMS, roomOf } from './rooms.ts';
import { type Import, importsOf, SRC, sourceFiles } from './source.ts';

const FILES = sourceFiles();
const IMPORTS = FILES.flatMap((file) => importsOf(file));

test('every source file is in a folder, but for the entries', () => {
  expect(FILES.filter((file) => roomOf(file) === undefined)).toEqual([...ENTRIES]);
});

test('every import names a file that is there', () => {
  const missing = IMPORTS.filter(({ inside, target }) => inside && !existsSync(`${SRC}${target}`));
  expect(missing.map(words)).toEqual([]);
});

test('imports run one way: a room looks only into the rooms below it', () => {
  const wrong = IMPORTS.filter(({ file, target, inside }) => {
    const from = roomOf(file);
    const to = roomOf(target);
    return inside && from !== undefined && from !== to && (to === undefined || !from.sees.includes(to.name));
  });
  expect(wrong.map(words)).toEqual([]);
});

test('the rooms themselves are in order: none sees one above it', () => {
  const seen = new Set<string>();
  for (const room of ROOMS) {
    expect(
      room.sees.filter((name) => !seen.has(name)),
      `${room.name} sees`,
    ).toEqual([]);
    seen.add(room.name);
  }
});

test('no file waits for itself: imports that run make no circle', () => {
  const graph = new Map(FILES.map((file) => [file, [] as string[]]));
  for (const { file, target, inside, typeOnly } of IMPORTS) if (inside && !typeOnly) graph.get(file)?.push(target);
  expect(circleIn(graph)).toEqual([]);
});

test("the copier's workers load nothing that keeps objects for others", () => {
  const seen = new Set(['worker.ts']);
  for (const file of seen) {
    for (const { file: importer, target, inside, typeOnly } of IMPORTS)
      if (importer === file && inside && !typeOnly) seen.add(target);
  }
  expect([...seen]).toContain('process/queue.ts');
  expect([...seen].filter((file) => file.endsWith('-core.ts'))).toEqual([]);
});

test.each(ONE_IMPORTER)('one file imports %s', (module) => {
  const importers = new Set(IMPORTS.filter(({ target }) => sameModule(target, module)).map(({ file }) => file));
  expect([...importers]).toHaveLength(1);
});

test('every other module is Node’s own; of the libraries only what is not bundled is installed with the package', () => {
  const foreign = new Set(
    IMPORTS.filter(({ inside, target }) => !inside && !target.startsWith('node:')).map((i) => i.target),
  );
  expect([...foreign].sort()).toEqual([...LIBRARIES].sort());
  const { optionalDependencies, devDependencies } = manifest;
  const bundled = LIBRARIES.filter((name) => !(name in optionalDependencies));
  expect(LIBRARIES.filter((name) => !bundled.includes(name))).toEqual(Object.keys(optionalDependencies));
  expect(bundled.filter((name) => !(name in devDependencies))).toEqual([]);
});

test('the reading of imports sees every form', () => {
  const text = `
import one from 'one';
import { type A, type B } from './two.ts';
import {
  type C,
  d,
} from './three.ts';
import type { E } from '../four.ts';
import './five.ts';
export { f } from './six.ts';
export type { G } from './seven.ts';
// import 'not';
/* import 'neither'; */
const h = await import('./eight.ts');
const i = createRequire(import.meta.url)('nine') as typeof import('nine');
`;
  const read = importsOf('room/file.ts', text).map(({ target, typeOnly }) => `${target}${typeOnly ? ' type' : ''}`);
  expect(read.slice(0, 9)).toEqual([
    'one',
    'room/two.ts type',
    'room/three.ts',
    'four.ts type',
    'room/five.ts',
    'room/six.ts',
    'room/seven.ts type',
    'room/eight.ts',
    'nine',
  ]);
});

function words({ file, target }: Import): string {
  return `${file} imports ${target}`;
}

function sameModule(target: string, module: string): boolean {
  return target.replace(/^node:/, '') === module.replace(/^node:/, '');
}

/** Depth first; returns the files of the first circle. */
function circleIn(graph: Map<string, string[]>): string[] {
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return [];
    way.push(file);
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next);
      if (circle.length > 0) return circle;
    }
    way.pop();
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}
