import { readFileSync } from 'node:fs';
import { ROOT } from '../support/run.ts';

export const README = readFileSync(`${ROOT}/README.md`, 'utf8');

/** The fenced block after `<!-- mark -->`; throws when there is none. */
export function blockAfter(mark: string): string {
  const [block] = blocksAfter(mark);
  if (block === undefined) throw new Error(`README.md has no block marked <!-- ${mark} -->`);
  return block;
}

/** All blocks with that mark, in their order. */
export function blocksAfter(mark: string): string[] {
  const fence = new RegExp(`<!-- ${mark} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``, 'g');
  return [...README.matchAll(fence)].map((match) => match[1] ?? '');
}
