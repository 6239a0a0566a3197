import { readFile } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import { escapeControls, isUtf8, printable, type RawPath, toBytes, toText } from '../names.ts';
import type { RawOptions } from './options-table.ts';

/** What the options name in files. */
export interface Lists {
  /** Patterns, as ordinary strings. */
  exclude: string[];
  /** Relative paths, as bytes. */
  filesFrom: RawPath[] | undefined;
}

/** Called only when it is read: opening standard input is not free. */
export type Stdin = () => AsyncIterable<Buffer | string>;

/** @throws UsageError when a file cannot be read, or holds what cannot be meant */
export async function readLists(raw: RawOptions, stdin: Stdin): Promise<Lists> {
  const names = [...(raw.excludeFrom ?? []), ...(raw.filesFrom === undefined ? [] : [raw.filesFrom])];
  if (names.filter((name) => name === '-').length > 1) throw new UsageError('standard input can be read only once.');
  const exclude: string[] = [];
  for (const name of raw.excludeFrom ?? []) {
    exclude.push(...patternsIn(await read('--exclude-from', name, stdin)));
  }
  if (raw.filesFrom === undefined) return { exclude, filesFrom: undefined };
  const list = await read('--files-from', raw.filesFrom, stdin);
  return { exclude, filesFrom: pathsIn(list, raw.null ? '\0' : '\n') };
}

/** One pattern a line; blank lines and lines that begin with `#` say nothing (a pattern for a `#` begins with `\#`). */
export function patternsIn(list: RawPath): string[] {
  return list
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => patternText(line, '--exclude-from'));
}

/** Patterns are ordinary strings all the way to fast-glob. */
export function patternText(raw: RawPath, option: string): string {
  if (isUtf8(raw)) return toText(raw);
  throw new UsageError(
    `option '${option}' got '${printable(raw)}'. It takes patterns in UTF-8; ? stands for any other byte.`,
  );
}

/** Paths in the form that the listing gives them: `./a//b/` is `a/b`. The top itself (`.`) is no entry. */
export function pathsIn(list: RawPath, separator: '\n' | '\0'): RawPath[] {
  return list
    .split(separator)
    .filter((line) => line !== '')
    .map(relative)
    .filter((path) => path !== '');
}

function relative(line: RawPath): RawPath {
  const parts = line.split('/').filter((part) => part !== '' && part !== '.');
  if (line.startsWith('/') || parts.includes('..')) {
    throw new UsageError(
      `option '--files-from' got '${printable(line)}'. It takes paths below the source, without '..'.`,
    );
  }
  return parts.join('/');
}

async function read(option: string, name: RawPath, stdin: Stdin): Promise<RawPath> {
  try {
    if (name !== '-') return await readFile(toBytes(name), 'latin1');
    const chunks: Buffer[] = [];
    for await (const chunk of stdin()) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('latin1');
  } catch (error) {
    const why = escapeControls((error as Error).message);
    throw new UsageError(`option '${option}' got '${printable(name)}', which cannot be read: ${why}`, { cause: error });
  }
}
