import { UsageError } from '../api/errors.ts';
import { isUtf8, printable, type RawPath, toText } from '../api/names.ts';
import type { CopyOptions } from '../api/options.ts';
import type { View } from '../ui/open.ts';
import { type Lists, patternText } from './lists.ts';
import type { RawOptions } from './options-table.ts';

/** What `auto` depends on. */
export interface Terminal {
  stderrIsTerminal: boolean;
  env: NodeJS.ProcessEnv;
}

/** How the run is shown. */
export function resolveView(raw: RawOptions, terminal: Terminal): View {
  const quiet = raw.quiet === true;
  const progress = progressOf(raw, terminal);
  if (raw.verbose && progress === 'json') {
    throw new UsageError(
      "option '-v, --verbose' cannot stand beside '--progress json': both write to standard output.",
    );
  }
  const lines = raw.verbose ? 'all' : raw.dryRun && progress !== 'json' && !quiet ? 'changes' : 'none';
  return { progress, quiet, lines };
}

/** What the engine is asked for: given options, lists read, and what the view needs to be told. */
export function toCopyOptions(raw: RawOptions, lists: Lists, view: View): CopyOptions {
  const exclude = [...(raw.exclude ?? []).map((glob) => patternText(glob, '--exclude')), ...lists.exclude];
  const include = raw.include?.map((glob) => patternText(glob, '--include'));
  return given<CopyOptions>({
    jobs: raw.jobs,
    chunkSize: raw.chunkSize,
    batch: raw.batch,
    include,
    exclude: exclude.length > 0 ? exclude : undefined,
    gitignore: raw.gitignore,
    filesFrom: lists.filesFrom,
    retryFrom: lists.retry?.failures,
    noClobber: raw.clobber === false || undefined,
    update: raw.update,
    checksum: raw.checksum,
    delete: raw.delete,
    maxDelete: raw.maxDelete,
    archive: raw.archive,
    dereference: raw.dereference,
    reflink: raw.reflink,
    sparse: raw.sparse,
    verify: raw.verify,
    manifest: raw.manifest === undefined ? undefined : textPath(raw.manifest, '--manifest'),
    fsync: raw.fsync,
    atomic: raw.atomic === false ? false : undefined,
    dryRun: raw.dryRun,
    retries: raw.retries,
    maxErrors: raw.failFast ? 1 : raw.maxErrors,
    bwlimit: raw.bwlimit,
    preflight: raw.preflight === false ? false : undefined,
    strict: raw.strict,
    entries: view.lines !== 'none' || view.progress === 'json' || undefined,
    // A stat for each entry while listing: worth it only where someone watches.
    sizes: view.progress === 'bar' || view.progress === 'json' || undefined,
  });
}

function progressOf(raw: RawOptions, { stderrIsTerminal, env }: Terminal): View['progress'] {
  const asked = raw.progress ?? 'auto';
  // A bar needs a terminal that can move its cursor; a log is what remains without one.
  const best = stderrIsTerminal && env.TERM !== 'dumb' ? 'bar' : 'plain';
  switch (asked) {
    case 'auto':
      return raw.quiet ? 'none' : best;
    case 'bar':
      return best;
    case 'plain':
    case 'json':
    case 'none':
      return asked;
  }
}

function textPath(raw: RawPath, option: string): string {
  if (isUtf8(raw)) return toText(raw);
  throw new UsageError(`option '${option}' got '${printable(raw)}'. It takes a path in UTF-8.`);
}

/** Only what was given: the engine knows its own defaults. */
function given<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
