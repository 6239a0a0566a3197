// What ships is bundled: one file to read at start-up instead of a hundred. koffi stays outside, it brings a binary.
import { defineConfig } from 'rolldown';
import { thirdPartyLicenses } from './rolldown.licenses.js';

const shared = { platform: 'node', external: [/^node:/, 'koffi'] };

export default defineConfig([
  {
    ...shared,
    plugins: [thirdPartyLicenses()],
    input: {
      main: 'src/main.ts',
      index: 'src/index.ts',
      process: 'src/process/index.ts',
      child: 'src/process/child.ts',
    },
    output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js' },
  },
  {
    // CommonJS, because Node starts it some milliseconds sooner, and a run starts several.
    ...shared,
    input: { worker: 'src/worker-process.ts' },
    output: { dir: 'dist', format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
  },
]);
