import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One import of a source file. */
export interface Import {
  /** The importing file, relative to `src`: `scan/walk.ts`. */
  file: string;
  /** What it names: a file relative to `src`, or a module as written. */
  target: string;
  /** Erased by the compiler: it orders rooms, but makes no cycle when the program runs. */
  typeOnly: boolean;
  inside: boolean;
}

export const SRC = new URL('../../src/', import.meta.url).pathname;

/** Static, dynamic and re-exporting imports, `import x = require`, and what `createRequire` loads. */
const STATEMENT =
  /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'|\b(?:import|require)\(\s*'([^']+)'\s*\)|\bcreateRequire\([^)]*\)\('([^']+)'\)/gm;

export function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort();
}

export function importsOf(file: string, text = readFileSync(join(SRC, file), 'utf8')): Import[] {
  return [...withoutComments(text).matchAll(STATEMENT)].map((match) => {
    const named = match[2] ?? match[3] ?? match[4] ?? '';
    const inside = named.startsWith('.');
    const target = inside ? join(dirname(file), named) : named;
    return { file, target, typeOnly: isTypeOnly(match[0]), inside };
  });
}

// `import type …`, or braces in which every name is a type.
function isTypeOnly(statement: string): boolean {
  if (/^(?:import|export)\s+type\s/.test(statement)) return true;
  const braces = /^(?:import|export)\s+\{([^}]*)\}\s+from/.exec(statement)?.[1];
  if (braces === undefined) return false;
  const names = braces.split(',').map((name) => name.trim());
  return names.every((name) => name === '' || name.startsWith('type '));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
