import { readFileSync } from 'node:fs';

/** The version in package.json, searched for upwards: this file runs from `src` and from any depth of `dist`. */
export function version(): string {
  for (let dir = new URL('.', import.meta.url); ; dir = new URL('..', dir)) {
    const found = versionIn(new URL('package.json', dir));
    if (found !== undefined) return found;
    if (dir.pathname === '/' || new URL('..', dir).href === dir.href) return 'unknown';
  }
}

function versionIn(file: URL): string | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    return name === 'pcopy' ? version : undefined;
  } catch {
    return undefined;
  }
}
