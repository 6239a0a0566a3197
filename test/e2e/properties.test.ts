import fc from 'fast-check';
import { expect } from 'vitest';
import { bytes } from '../support/bytes.ts';
import { differences } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { copy, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { type Attributes, type Entry, plant, type Tree } from '../support/tree.ts';
import { timesOf } from './precision.ts';

const nameByte = fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 0x2f);
const name = fc
  .oneof(
    fc.array(nameByte, { minLength: 1, maxLength: 20 }).map((list) => Buffer.from(list).toString('latin1')),
    fc.constantFrom('a', 'b', '.x', '*', '-n', '{a,b}', ' ', 'x'.repeat(255)),
  )
  .filter((text) => text !== '.' && text !== '..' && bytes(text).length <= 255);

const attributes: fc.Arbitrary<Attributes> = fc.record({
  mode: fc.integer({ min: 0, max: 0o777 }),
  mtime: fc.bigInt({ min: -(2n ** 31n) * 1_000_000_000n, max: 7_000_000_000_000_000_000n }),
});

const content = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }).map((data) => Buffer.from(data)),
  fc.constantFrom(0, 1023, 1024, 1025, 131_072, 200_001).map((size) => Buffer.alloc(size, 'content')),
);

const leaf: fc.Arbitrary<Entry> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(content, attributes).map(([data, rest]): Entry => ({ type: 'file', content: data, ...rest })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 1 << 22 }), attributes)
      .map(
        ([offset, rest]): Entry => ({ type: 'sparse', size: offset + 5, data: [[offset & ~4095, 'isle']], ...rest }),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(name, attributes)
      .map(([target, { mtime }]): Entry => ({ type: 'symlink', target, mtime: mtime ?? 0n })),
  },
  { weight: 1, arbitrary: attributes.map((rest): Entry => ({ type: 'directory', ...rest })) },
);

/** Paths of up to four names; an entry that would need a parent which is no directory is left out. */
const trees: fc.Arbitrary<Tree> = fc
  .tuple(
    fc.array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), leaf), { maxLength: 25 }),
    fc.array(fc.tuple(fc.nat(), name), { maxLength: 4 }),
  )
  .map(([list, links]) => {
    const tree: Tree = Object.create(null);
    const parents = new Set<string>(['']);
    for (const [names, entry] of list) {
      const path = names.join('/');
      const above = names.map((_, i) => names.slice(0, i).join('/'));
      if (path in tree || parents.has(path) || above.some((up) => up in tree && tree[up]?.type !== 'directory'))
        continue;
      tree[path] = entry;
      for (const up of above) parents.add(up);
    }
    const files = Object.keys(tree).filter((path) => tree[path]?.type === 'file');
    for (const [pick, link] of links) {
      const to = files[pick % files.length];
      if (to !== undefined && !(link in tree) && !parents.has(link)) tree[link] = { type: 'hardlink', to };
    }
    return tree;
  });

overBothDrivers((driver) => {
  needs('root', 'python3')(
    'the copy equals the source, a second copy changes nothing, and a copy of the copy is the same',
    async () => {
      const compare = { times: timesOf(driver) } as const;
      await fc.assert(
        fc.asyncProperty(trees, fc.integer({ min: 1, max: 4 }), async (tree, jobs) => {
          const top = temp();
          plant(`${top}/src`, tree);
          await copy([`${top}/src`, `${top}/once`, '-j', `${jobs}`], { driver });
          expect(differences(`${top}/src`, `${top}/once`, compare)).toEqual([]);
          await copy([`${top}/src`, `${top}/once`, '-j', `${jobs}`], { driver });
          await copy([`${top}/once`, `${top}/twice`, '-j', `${jobs}`], { driver });
          expect(differences(`${top}/once`, `${top}/twice`, compare)).toEqual([]);
          // What the second run touches are the times of directories that it merged into.
          expect(differences(`${top}/src`, `${top}/once`, { times: 'ignore' })).toEqual([]);
        }),
        { numRuns: 8, endOnFailure: true },
      );
    },
  );
});
