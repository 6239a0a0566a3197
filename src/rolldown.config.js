// What ships is bundled: one file to read at start-up instead of a hundred. koffi stays outside, it brings a binary.
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: {
    main: 'src/main.ts',
    index: 'src/index.ts',
    process: 'src/process/index.ts',
    child: 'src/process/child.ts',
    worker: 'src/copy/worker.ts',
  },
  platform: 'node',
  external: [/^node:/, 'koffi'],
  output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js', cleanDir: false },
});
