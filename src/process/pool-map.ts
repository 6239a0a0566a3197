import { checkNames, checkWhole } from './arguments.ts';
import { Outcome } from './async-result.ts';
import type { Job } from './pool-worker.ts';
import type { Target } from './wire.ts';

export interface MapOptions {
  /** How many elements one message to a worker carries. */
  chunksize?: number | undefined;
}

/** What mapping needs of a pool. */
export interface Submitter {
  readonly size: number;
  submit(job: Omit<Job, 'id'>): void;
}

/** Every element's result, in their order. Rejects with the first error; the rest is still worked on. */
export async function mapAll<T, R>(
  pool: Submitter,
  target: Target,
  items: Iterable<T>,
  options: MapOptions,
): Promise<R[]> {
  const all = [...items];
  // Four chunks a worker: few messages, and still something left to share when one chunk takes longer than others.
  const size = chunksizeOf(options) ?? Math.max(1, Math.ceil(all.length / (4 * pool.size)));
  const results: Promise<R[]>[] = [];
  for (let start = 0; start < all.length; start += size)
    results.push(submitChunk(pool, target, all.slice(start, start + size)));
  return (await Promise.all(results)).flat() as R[];
}

/**
 * Results as they come. Elements are taken from the source only when a worker will soon want them, so it may be endless; and when
 * the consumer does not take the results, no further ones are asked for.
 */
export function mapUnordered<T, R>(
  pool: Submitter,
  target: Target,
  items: Iterable<T> | AsyncIterable<T>,
  options: MapOptions,
): AsyncGenerator<R, void, undefined> {
  return mapChunks(pool, target, chunks(items, chunksizeOf(options) ?? 1));
}

async function* mapChunks<T, R>(
  pool: Submitter,
  target: Target,
  source: AsyncGenerator<T[], void, undefined>,
): AsyncGenerator<R, void, undefined> {
  const arrived: R[][] = [];
  let running = 0;
  let more = true;
  let failure: { error: unknown } | null = null;
  const fail = (error: unknown): void => {
    failure ??= { error };
  };
  let wake = (): void => {};
  const submit = (chunk: T[]): void => {
    const work = submitChunk<T, R>(pool, target, chunk);
    running++;
    work
      .then((results) => void arrived.push(results), fail)
      .finally(() => {
        running--;
        wake();
      });
  };
  // Twice the workers: each has one in hand and one to go on with.
  const wanted = (): boolean => more && running + arrived.length < 2 * pool.size;
  let filling = false;
  /** Runs beside the results: the source may be slow, or wait for one of them. */
  const fill = async (): Promise<void> => {
    filling = true;
    try {
      while (wanted()) {
        const next = await source.next();
        if (next.done === true) more = false;
        else if (more) submit(next.value);
      }
    } catch (error) {
      fail(error);
    }
    filling = false;
    wake();
  };
  try {
    while (more || running > 0 || arrived.length > 0) {
      if (!filling && wanted()) fill();
      if (arrived.length === 0 && failure === null) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failure !== null) throw (failure as { error: unknown }).error;
      const results = arrived.shift();
      if (results !== undefined) yield* results;
    }
  } finally {
    more = false;
    // Closes what the source has open, once it has come back with what it is asked for now: that may be never.
    source.return().catch(() => {});
  }
}

function submitChunk<T, R>(pool: Submitter, target: Target, chunk: T[]): Promise<R[]> {
  const outcome = new Outcome<R[]>({});
  pool.submit({ target, args: [chunk], each: true, outcome: outcome as Outcome<unknown> });
  return outcome.get();
}

async function* chunks<T>(items: Iterable<T> | AsyncIterable<T>, size: number): AsyncGenerator<T[], void, undefined> {
  let chunk: T[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function chunksizeOf(options: MapOptions): number | undefined {
  checkNames(options, ['chunksize']);
  if (options.chunksize !== undefined) checkWhole('chunksize', options.chunksize, 1);
  return options.chunksize;
}
