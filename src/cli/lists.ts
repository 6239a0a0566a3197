import { createReadStream } from 'node:fs';
import { UsageError } from '../api/errors.ts';
import type { CopyEvent, StartEvent } from '../api/events.ts';
import { isUtf8, printable, type RawPath, toBytes, toText } from '../api/names.ts';
import type { RawOptions } from './command-options.ts';
import { reasonOf } from './reason.ts';
import type { RetryLog } from './retry-log.ts';

/** Contents of the files that options name. */
export interface Lists {
  /** Patterns, as ordinary strings. */
  exclude: string[];
  /** The origin of each pattern: `SKIP, line 3`. Of duplicates, the first. */
  origins: Map<string, string>;
  /** Relative paths, as bytes. */
  filesFrom: RawPath[] | undefined;
  /** Failures of an earlier run. */
  retry?: RetryLog;
  /** Warnings about their log, for the start of the run. */
  notes?: (start: StartEvent, deletes: boolean) => CopyEvent[];
}

/** Called only when it is needed: opening standard input is not free. */
export type Stdin = () => AsyncIterable<Buffer | string>;

/** @throws UsageError when a file cannot be read or is malformed */
export async function readLists(raw: RawOptions, stdin: Stdin): Promise<Lists> {
  const named = [...(raw.excludeFrom ?? []), raw.filesFrom, raw.retryFrom];
  if (named.filter((name) => name === '-').length > 1) throw new UsageError('standard input can be read only once.');
  const exclude: string[] = [];
  const origins = new Map<string, string>();
  for (const name of raw.excludeFrom ?? []) {
    for (const [pattern, origin] of patternsIn(await read('--exclude-from', name, stdin, wholeText), name)) {
      exclude.push(pattern);
      if (!origins.has(pattern)) origins.set(pattern, `--exclude-from ${origin}`);
    }
  }
  const filesFrom =
    raw.filesFrom === undefined
      ? undefined
      : pathsIn(await read('--files-from', raw.filesFrom, stdin, wholeText), raw.null ? '\0' : '\n');
  if (raw.retryFrom === undefined) return { exclude, origins, filesFrom };
  const name = raw.retryFrom;
  const { notesOn, readRetryLog } = await import('./retry-log.ts');
  const retry = await read('--retry-from', name, stdin, (chunks) =>
    readRetryLog(name, chunks, (path) => relative('--retry-from', path)),
  );
  return { exclude, origins, filesFrom, retry, notes: (start, deletes) => notesOn(retry, start, deletes) };
}

/** One pattern per line; blank lines and lines that begin with `#` are ignored (`\#` starts a pattern for a `#`). */
export function patternsIn(list: RawPath, name: RawPath): [pattern: string, origin: string][] {
  return withoutMark(list)
    .split('\n')
    .map((line, i): [RawPath, string] => [line.replace(/\r$/, ''), originOf(name, i + 1)])
    .filter(([line]) => line.trim() !== '' && !line.startsWith('#'))
    .map(([line, origin]) => [patternText(line, '--exclude-from', `, in ${origin}`), origin]);
}

function originOf(name: RawPath, line: number): string {
  return `${name === '-' ? 'standard input' : printable(name)}, line ${line}`;
}

/** The byte order mark that some editors put before UTF-8. */
function withoutMark(list: RawPath): RawPath {
  return list.replace(/^\xef\xbb\xbf/, '');
}

/** Patterns stay ordinary strings up to fast-glob. */
export function patternText(raw: RawPath, option: string, place = ''): string {
  if (isUtf8(raw)) return toText(raw);
  throw new UsageError(
    `option '${option}' got '${printable(raw)}'${place}. It takes patterns in UTF-8; ? stands for any other byte.`,
  );
}

/** Paths in the listing's form: `./a//b/` becomes `a/b`. The top itself (`.`) is no entry. */
export function pathsIn(list: RawPath, separator: '\n' | '\0'): RawPath[] {
  if (separator === '\n' && list.includes('\0')) {
    throw new UsageError("option '--files-from' got a list with NUL bytes in it. With -0 they end the paths.");
  }
  return (separator === '\n' ? withoutMark(list) : list)
    .split(separator)
    .filter((line) => line !== '')
    .map((line) => relative('--files-from', line))
    .filter((path) => path !== '');
}

function relative(option: string, line: RawPath): RawPath {
  const parts = line.split('/').filter((part) => part !== '' && part !== '.');
  // For the system a name ends at a NUL, whatever follows.
  if (line.startsWith('/') || parts.includes('..') || line.includes('\0')) {
    throw new UsageError(`option '${option}' got '${printable(line)}'. It takes paths below the source, without '..'.`);
  }
  return parts.join('/');
}

type Chunks = AsyncIterable<Buffer | string>;

async function read<T>(option: string, name: RawPath, stdin: Stdin, step: (chunks: Chunks) => Promise<T>): Promise<T> {
  try {
    return await step(name === '-' ? stdin() : createReadStream(toBytes(name)));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const what = `${name === '-' ? 'standard input' : printable(name)}: cannot be read for ${option}`;
    throw new UsageError(`${what}: ${reasonOf(error)} (${code})`, { cause: error });
  }
}

async function wholeText(chunks: Chunks): Promise<RawPath> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts).toString('latin1');
}
