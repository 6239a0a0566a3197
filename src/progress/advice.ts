import type { Load } from '../events.ts';

/** Shorter runs are mostly start-up; what they say about workers is noise. */
const SHORTEST_MS = 2_000;
const MOST_JOBS = 64;

/**
 * How busy the workers were, and whether another -j would help. The listing waits when the queue of work is full, so a
 * listing that waited and workers that never idled mean that the workers set the pace; idle workers mean that it was the
 * listing, or a few large files at the end.
 */
export function advice(load: Load, elapsedMs: number): string | undefined {
  const jobs = load.workers.length;
  if (elapsedMs < SHORTEST_MS || jobs === 0) return undefined;
  const used = load.workers.reduce((sum, share) => sum + share, 0);
  const share = Math.round((used / jobs) * 100);
  const start = `${jobs === 1 ? '1 worker' : `${jobs} workers`}, ${share}% busy`;
  if (share >= 90 && load.listingWaited >= 0.5 && jobs < MOST_JOBS) {
    return `${start}: they set the pace; -j ${Math.min(MOST_JOBS, jobs * 2)} may be faster`;
  }
  const enough = Math.max(1, Math.ceil(used / 0.9));
  if (share < 60 && enough < jobs) {
    const why = load.listingWaited < 0.1 ? 'the listing set the pace' : 'there was not work for all';
    return `${start}: ${why}; -j ${enough} would do as well`;
  }
  return `${start}: -j ${jobs} fits`;
}
