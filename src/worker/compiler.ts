// How V8 compiles a worker and the command: both are short, so what compiling costs is a large part of them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { constants, Script } from 'node:vm';
import flags from './v8-flags.json' with { type: 'json' };

// The optimizing compiler costs more than it saves in some thousand files. So a function is compiled only after some four times as
// many calls as usual. From V8 13 on, another compiler comes before it, which is cheap.
const flag = (flags as Record<string, string>)[process.versions.v8.split('.', 1)[0] ?? ''];
if (flag !== undefined) setFlagsFromString(flag);

// The build leaves beside each file what V8 makes of it (`rolldown.code-cache.js`), for the version of Node that built it. V8 checks
// that it was made with the same flags, and compiles the text where it was not.
const CACHE = `.${process.version}-${process.arch}`;
const { extensions } = createRequire(import.meta.url);

extensions['.cjs'] = (module, file) => {
  const cachedData = cacheOf(file);
  if (cachedData === null) return extensions['.js'](module, file);
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) { ${readFileSync(file, 'utf8')}\n})`,
    { filename: file, cachedData, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER },
  );
  const require = (id: string): unknown => module.require(id);
  script.runInThisContext().call(module.exports, module.exports, require, module, file, dirname(file));
};

function cacheOf(file: string): Buffer | null {
  try {
    return readFileSync(file + CACHE);
  } catch {
    return null;
  }
}
