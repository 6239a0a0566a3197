import { availableParallelism } from 'node:os';
import type { Load } from '../api/events.ts';
import { MOST_JOBS } from '../api/values.ts';

/**
 * A worker is idle before its first and after its last file, for a few tenths of a second that no -j removes. In a run of two
 * seconds that is 10 % of the load or more, enough to change the advice; in one of ten 2 to 4 %.
 */
const SHORTEST_MS = 10_000;

/**
 * How busy the workers were, and whether another -j would help. The listing waits while there is enough work, so a listing
 * that waited and busy workers mean that the workers limit the speed; idle workers mean that the listing did, or a few large
 * files at the end.
 *
 * @param cpus beyond one worker per CPU, more help only when they wait for the storage
 */
export function advice(load: Load, elapsedMs: number, cpus = availableParallelism()): string | undefined {
  const jobs = load.workers.length;
  // A stalled run says nothing about the number of workers.
  if (elapsedMs < SHORTEST_MS || jobs === 0 || load.stalled > 0.1) return undefined;
  if (load.auto !== undefined) return whatAutoDid(load, load.auto);
  const used = load.workers.reduce((sum, share) => sum + share, 0);
  const share = Math.round((used / jobs) * 100);
  const start = `${jobs === 1 ? '1 worker' : `${jobs} workers`}, ${share}% busy`;
  if (share >= 90 && load.listingWaited >= 0.5 && jobs < MOST_JOBS) {
    const more = Math.min(MOST_JOBS, jobs * 2);
    if (jobs < cpus) return `${start}: they set the pace; -j ${Math.min(more, cpus)} may be faster`;
    return `${start}: they set the pace; -j ${more} may be faster if the disk is slow`;
  }
  const enough = Math.max(1, Math.ceil(used / 0.9));
  if (share < 60 && enough < jobs) {
    const why = load.listingWaited < 0.1 ? 'the listing set the pace' : 'there was not enough work for all';
    return `${start}: ${why}; -j ${enough} would do as well`;
  }
  return `${start}: -j ${jobs} fits`;
}

function whatAutoDid({ workers, listingWaited }: Load, { first, last, most }: NonNullable<Load['auto']>): string {
  if (last > first) return `auto: ${first} to ${last} workers, since more made it faster`;
  const start = `auto: ${last} workers`;
  if (most > last) return `${start}; ${most} were no faster`;
  const share = Math.round((workers.reduce((sum, busy) => sum + busy, 0) / workers.length) * 100);
  const why = share >= 60 ? 'they did not wait for the storage' : 'there was not enough work for more';
  return `${start}, ${share}% busy: ${listingWaited < 0.1 && share < 60 ? 'the listing set the pace' : why}`;
}
