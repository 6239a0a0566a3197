// V8 spends a fifth of a run of ten files on compiling: what it makes of a file is kept beside it (read by worker/compiler.ts).
import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const FLAGS = JSON.parse(readFileSync(new URL('worker/v8-flags.json', import.meta.url), 'utf8'));

/** For these chunks, every function. */
export function codeCache(...names) {
  return {
    name: 'code-cache',
    writeBundle({ dir }, bundle) {
      const flag = FLAGS[process.versions.v8.split('.', 1)[0]];
      if (flag !== undefined) setFlagsFromString(flag);
      for (const { fileName, name } of Object.values(bundle)) {
        if (!names.includes(name)) continue;
        const file = `${dir}/${fileName}`;
        const text = `(function (exports, require, module, __filename, __dirname) { ${readFileSync(file, 'utf8')}\n})`;
        setFlagsFromString('--no-lazy');
        const script = new Script(text, { filename: file });
        setFlagsFromString('--lazy');
        writeFileSync(`${file}.${process.version}-${process.arch}`, script.createCachedData());
      }
    },
  };
}
