// Of what tsc declares, the part that the entries lead to goes into the package: once for `import` and once for `require`,
// which TypeScript tells apart by the nearest package.json.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FROM = 'dist/declarations';
const ENTRIES = ['index.d.ts', 'process/index.d.ts', 'child.d.ts'];
const NAMED = /((?:from |import\()['"])(\.[^'"]+)\.ts(?=['"])/g;

/** The text of every file that these lead to, by its path. */
function reachable(files, texts = new Map()) {
  for (const file of files.filter((file) => !texts.has(file))) {
    // An import for what it does alone says nothing about types, and TypeScript before 5.7 does not know `.ts` here.
    const text = readFileSync(join(FROM, file), 'utf8').replace(/^import '.*';$/gm, 'export {};');
    texts.set(file, text.replace(NAMED, '$1$2.js'));
    reachable(
      [...text.matchAll(NAMED)].map(([, , path]) => join(dirname(file), `${path}.d.ts`)),
      texts,
    );
  }
  return texts;
}

for (const to of ['dist/types', 'dist/types-cjs']) {
  rmSync(to, { recursive: true, force: true });
  for (const [file, text] of reachable(ENTRIES)) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    writeFileSync(join(to, file), text);
  }
}
cpSync('bin/package.json', 'dist/types-cjs/package.json');
