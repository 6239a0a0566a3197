// What ships is bundled: one file to read at start-up instead of a hundred. koffi stays outside, it brings a binary.
import { defineConfig } from 'rolldown';
import { thirdPartyLicenses } from './rolldown.licenses.js';
import { manPage } from './rolldown.man.js';

const shared = { platform: 'node', external: [/^node:/, 'koffi'], plugins: [thirdPartyLicenses()] };

export default defineConfig([
  {
    ...shared,
    input: { index: 'src/index.ts', process: 'src/process/index.ts', child: 'src/child.ts' },
    output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js' },
  },
  // The command and its workers are CommonJS, because Node starts that sooner (25 ms of 150 for ten files).
  {
    ...shared,
    input: { main: 'src/main.ts' },
    output: { dir: 'dist', format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' },
  },
  {
    ...shared,
    input: { worker: 'src/worker.ts' },
    output: { dir: 'dist', format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
  },
  {
    ...shared,
    plugins: [manPage()],
    input: { man: 'src/cli/man.ts' },
    output: { dir: 'dist', format: 'esm', codeSplitting: false },
  },
]);
