import type { Failure } from '../api/errors.ts';
import { toFailure } from '../fs/entry-error.ts';
import type { Context } from './context.ts';
import { WorkerMustEnd } from './heartbeat.ts';

/** Reports and counts a failed entry. */
export function fail(context: Context, error: unknown, path: string): void {
  report(context, error, toFailure(error, path), 1);
}

/** One failure for all entries of a directory. */
export function failSubtree(context: Context, error: unknown, path: string, entries: number): void {
  report(context, error, { ...toFailure(error, path), subtree: true }, entries);
}

function report(context: Context, error: unknown, failure: Failure, entries: number): void {
  if (error instanceof WorkerMustEnd) throw error;
  context.report.failed += entries;
  // Every further write would fail too.
  const isFull = failure.side === 'destination' && (failure.code === 'ENOSPC' || failure.code === 'EDQUOT');
  if (isFull) context.report.full = true;
  context.emit({ type: 'failed', failure });
}
