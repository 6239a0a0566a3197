import type { Failure } from '../api/errors.ts';
import { toFailure } from '../fs/entry-error.ts';
import type { Context } from './context.ts';
import { WorkerMustEnd } from './heartbeat.ts';

/** Reports and counts a failed entry. */
export function fail(context: Context, error: unknown, path: string): void {
  if (error instanceof WorkerMustEnd) throw error;
  const failure = toFailure(error, path);
  context.report.failed++;
  if (isFull(failure)) context.report.full = true;
  context.emit({ type: 'failed', failure });
}

/** Whether every further write would fail too. */
function isFull(failure: Failure): boolean {
  return failure.side === 'destination' && (failure.code === 'ENOSPC' || failure.code === 'EDQUOT');
}

/** One failure for all entries of a directory. */
export function failSubtree(context: Context, error: unknown, path: string, entries: number): void {
  if (error instanceof WorkerMustEnd) throw error;
  const failure = { ...toFailure(error, path), subtree: true };
  context.report.failed += entries;
  if (isFull(failure)) context.report.full = true;
  context.emit({ type: 'failed', failure });
}
