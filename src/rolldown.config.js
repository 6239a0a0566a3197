// What ships is bundled: one file to read at start-up instead of a hundred. koffi stays outside, it brings a binary.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';
import { codeCache } from './rolldown.code-cache.js';
import { thirdPartyLicenses } from './rolldown.licenses.js';
import { manPage } from './rolldown.man.js';

// What only runs with a broker load is one file beside the others, without what serves other queues and clients.
function bullmqIn(file) {
  const path = fileURLToPath(new URL(`../dist/${file}`, import.meta.url));
  return { name: 'bullmq', resolveId: (id) => (id === './bullmq.ts' ? { id: path, external: true } : null) };
}
// What the file exports cannot be read from its minified text.
const bullmqModule = {
  name: 'bullmq-module',
  generateBundle() {
    const source = `import bullmq from './bullmq.cjs';
export const { Queue, QueueEvents, Redis, UnrecoverableError, WaitingError, Worker } = bullmq;
`;
    this.emitFile({ type: 'asset', fileName: 'bullmq.js', source });
  },
};
const OTHER_CLIENTS = ['pg', '@valkey/valkey-glide', 'msgpackr-extract'];
const licenses = thirdPartyLicenses();
// What is loaded for some options only, in one file for all of them.
const onRequest = {
  name: 'on-request',
  test: /src\/(scan\/(destination-excluded|extra-entries|files-from|find-deletions|gitignore(-pattern)?|linear-regexp|regexp-parser|removals|replacements|subtree-filter|unchanged|unmatched)|plan\/(several|case-collisions)|report\/(manifest|trace)|schedule\/rate-file)\.ts/,
  priority: 1,
};
const shared = { platform: 'node', external: [/^node:/, 'koffi'], plugins: [bullmqIn('bullmq.cjs'), licenses] };

export default defineConfig([
  {
    ...shared,
    plugins: [bullmqIn('bullmq.js'), licenses, bullmqModule],
    input: { index: 'src/index.ts', process: 'src/process/index.ts', child: 'src/child.ts' },
    output: {
      dir: 'dist',
      format: 'esm',
      chunkFileNames: 'chunks/[name]-[hash].js',
      codeSplitting: {
        // A child of the toolkit loads the first, importers of `pcopy/process` the first two.
        groups: [
          {
            name: 'child',
            test: /src\/process\/(register-types|object-factory|current|detach-output|link|output|protocol|router|tasks)\.ts/,
            priority: 4,
          },
          { name: 'toolkit', test: /src\/process\/(?!index|child|parent-watch)/, priority: 3 },
          { name: 'engine', test: /src\/(run\/copy-tree|fs\/read-ahead)\.ts/, priority: 2 },
          onRequest,
        ],
      },
    },
  },
  // The command and its workers are CommonJS, because Node starts that sooner (25 ms of 150 for ten files); the library is
  // that too, for programs and test runners that cannot `require` a module.
  {
    ...shared,
    plugins: [
      ...shared.plugins,
      requiring('process', 'child'),
      codeCache('link', 'run', 'arguments', 'engine', 'libc', 'on-request', 'bar'),
    ],
    input: { main: 'src/main.ts', index: 'src/index.ts' },
    output: {
      dir: 'dist',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: 'chunks/[name]-[hash].cjs',
      // What an ordinary run loads, in a file for each of its steps, not one for each set of modules that several others
      // share: what is needed before the first fork, to talk with it, to read the arguments, to copy. The first group takes a module.
      codeSplitting: {
        groups: [
          {
            name: 'start',
            test: /src\/(schedule\/worker-process|fs\/(non-blocking-stream|exit-at-once)|process\/(spawn|detach-output|errors|address))\.ts/,
            priority: 5,
          },
          { name: 'compiler', test: /src\/worker\/(compiler\.ts|v8-flags\.json)/, priority: 4 },
          { name: 'link', test: /src\/process\/prestart\.ts/, priority: 4 },
          {
            name: 'arguments',
            test: /src\/(api\/(?!config|check-call)|cli\/(version|exit-codes|raw-argv|command-options)|ui\/(format|width))/,
            priority: 3,
          },
          { name: 'engine', test: /src\/(run\/copy-tree|fs\/(read-ahead|file-system-types))\.ts/, priority: 2 },
          onRequest,
        ],
      },
    },
  },
  {
    ...shared,
    plugins: [...shared.plugins, codeCache('tasks', 'libc')],
    input: { worker: 'src/worker.ts' },
    output: {
      dir: 'dist',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: 'chunks/[name]-[hash].cjs',
      codeSplitting: { groups: [{ name: 'tasks', test: /src\/(worker\/child|process)/ }] },
    },
  },
  {
    ...shared,
    external: [...shared.external, ...OTHER_CLIENTS],
    plugins: [licenses],
    // As modules, of which what is not used is left out: loading it is a part of each run's start.
    resolve: { mainFields: ['module', 'main'] },
    treeshake: { moduleSideEffects: [{ test: /\/node_modules\/bullmq\//, sideEffects: false }] },
    input: { bullmq: 'src/broker/bullmq.ts' },
    output: {
      dir: 'dist',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      codeSplitting: false,
      minify: true,
    },
  },
  {
    ...shared,
    plugins: [manPage()],
    input: { man: 'src/cli/man.ts' },
    output: { dir: 'dist', format: 'esm', codeSplitting: false },
  },
]);

/** The toolkit stays one in each process, however it is loaded: its state is in its modules. Node can `require` them. */
function requiring(...names) {
  return {
    name: 'requiring',
    generateBundle() {
      for (const name of names) {
        this.emitFile({
          type: 'asset',
          fileName: `${name}.cjs`,
          source: `module.exports = require('./${name}.js');\n`,
        });
      }
    },
  };
}
