// The man page is written by the program that knows the options: the bundle is run once, here, and does not ship.
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Writes pcopy.1 in place of the bundle of `cli/man.ts`. */
export function manPage() {
  return {
    name: 'man-page',
    async generateBundle(_options, bundle) {
      for (const [fileName, { code }] of Object.entries(bundle)) {
        const { manPage } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
        this.emitFile({ type: 'asset', fileName: 'pcopy.1', source: manPage(version) });
        delete bundle[fileName];
      }
    },
  };
}
