import { checkNames, checkWhole } from './arguments.ts';
import { Outcome } from './async-result.ts';
import type { JobOptions } from './pool-job.ts';
import type { Target } from './protocol.ts';

export interface MapOptions {
  /** How many elements one message to a worker carries. */
  chunksize?: number | undefined;
}

/** What mapping needs of a pool. */
export interface Submitter {
  readonly size: number;
  submit(target: Target, args: readonly unknown[], options: JobOptions, outcome: Outcome<unknown>): void;
  /** How many jobs it can make use of now. */
  appetite(): number;
}

/** Arguments of a call that the stack has room for in any case. */
const MOST_ARGUMENTS = 10_000;

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
  const chunks = await Promise.all(results);
  // `flat` takes ten times as long, but any number of chunks.
  return chunks.length < MOST_ARGUMENTS ? ([] as R[]).concat(...chunks) : (chunks.flat() as R[]);
}

/**
 * Results one by one: in the order of the elements, or as they come. Elements are taken from the source only when a worker will soon want them, so it may be endless; and when
 * the consumer does not take the results, no further ones are asked for.
 */
export function mapLazily<T, R>(
  pool: Submitter,
  target: Target,
  items: Iterable<T> | AsyncIterable<T>,
  options: MapOptions,
  ordered: boolean,
): AsyncGenerator<R, void, undefined> {
  return mapChunks(pool, target, chunks(items, chunksizeOf(options) ?? 1), ordered);
}

/** What came of a chunk, or of asking for it. */
type Arrival<R> = { results: R[] } | { error: unknown };

async function* mapChunks<T, R>(
  pool: Submitter,
  target: Target,
  source: AsyncGenerator<T[], void, undefined>,
  ordered: boolean,
): AsyncGenerator<R, void, undefined> {
  /** By the number of the chunk, in the order of arrival. */
  const arrived = new Map<number, Arrival<R>>();
  let submitted = 0;
  let given = 0;
  let more = true;
  let wake = (): void => {};
  const arrive = (number: number, arrival: Arrival<R>): void => {
    arrived.set(number, arrival);
    wake();
  };
  const submit = (chunk: T[]): void => {
    const number = submitted++;
    submitChunk<T, R>(pool, target, chunk).then(
      (results) => arrive(number, { results }),
      (error: unknown) => arrive(number, { error }),
    );
  };
  // Twice the workers: each has a current one and one to go on with. More for those that are quick.
  const wanted = (): boolean => more && submitted - given < Math.max(2 * pool.size, pool.appetite());
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
      more = false;
      arrive(submitted++, { error });
    }
    filling = false;
    wake();
  };
  try {
    while (more || given < submitted) {
      if (!filling && wanted()) fill();
      const number = ordered ? given : (arrived.keys().next().value ?? given);
      const arrival = arrived.get(number);
      if (arrival === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      arrived.delete(number);
      given++;
      if ('error' in arrival) throw arrival.error;
      yield* arrival.results;
    }
  } finally {
    more = false;
    // Closes what the source has open, once it has come back with what it is asked for now: that may be never.
    source.return().catch(() => {});
  }
}

function submitChunk<T, R>(pool: Submitter, target: Target, chunk: T[]): Promise<R[]> {
  const outcome = new Outcome<R[]>({});
  pool.submit(target, [chunk], { each: true, ahead: true, limit: null }, outcome as Outcome<unknown>);
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
