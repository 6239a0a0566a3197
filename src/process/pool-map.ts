import { checkNames, checkWhole, shown } from './arguments.ts';
import type { Dispatcher } from './pool-dispatcher.ts';
import type { Completion, JobOptions } from './pool-job.ts';
import type { Target } from './protocol.ts';

export interface MapOptions {
  /** How many elements one message to a worker carries. */
  chunksize?: number | undefined;
}

/** Arguments of a call that the stack has room for in any case. */
const MOST_ARGUMENTS = 10_000;

const SHARE: JobOptions = { each: true, ahead: 'share', limit: null };
const PACED: JobOptions = { each: true, ahead: 'paced', limit: null };

/** Every element's result, in their order. Rejects with the first error; the rest is still worked on. */
export async function mapAll<T, R>(
  pool: Dispatcher,
  target: Target,
  items: Iterable<T>,
  chunksize: number | undefined,
): Promise<R[]> {
  const all = [...items];
  // Four chunks a worker: few messages, and still something left to share when one chunk takes longer than others.
  const size = chunksize ?? Math.max(1, Math.ceil(all.length / (4 * pool.size)));
  const results: Promise<R[]>[] = [];
  for (let start = 0; start < all.length; start += size) {
    const chunk = all.slice(start, start + size);
    results.push(
      new Promise((resolve, reject) => pool.submit(target, [chunk], SHARE, { resolve, reject } as Completion)),
    );
  }
  const chunks = await Promise.all(results);
  // `flat` takes ten times as long, but any number of chunks.
  return chunks.length < MOST_ARGUMENTS ? ([] as R[]).concat(...chunks) : (chunks.flat() as R[]);
}

/** What came of a chunk, or of asking for it. */
type Arrival<R> = { results: R[] } | { error: unknown };

/**
 * Results one by one: in the order of the elements, or as they come. Elements are taken from the source only when a worker will soon
 * want them, so it may be endless; and when the consumer does not take the results, no further ones are asked for.
 */
export async function* mapLazily<T, R>(
  pool: Dispatcher,
  target: Target,
  items: Iterable<T> | AsyncIterable<T>,
  { ordered, chunksize = 1 }: { ordered: boolean; chunksize: number | undefined },
): AsyncGenerator<R, void, undefined> {
  const source = isAsync(items) ? chunksAsTheyCome(items, chunksize) : chunks(items, chunksize);
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
    const number = submitted;
    pool.submit(target, [chunk], PACED, {
      resolve: (results) => arrive(number, { results: results as R[] }),
      reject: (error) => arrive(number, { error }),
    });
    submitted++;
  };
  let short = true;
  /** Asked for in batches, since messages of one turn are one system call: when there are less than half as many as should be. */
  const wanted = (): boolean => {
    // Twice the workers: each has a current one and one to go on with. More for those that are quick.
    const most = Math.max(2 * pool.size, pool.appetite);
    const open = submitted - given;
    short = open < most && (short || open <= most >> 1);
    return more && short;
  };
  let filling = false;
  /** Runs beside the results: the source may be slow, or wait for one of them. */
  const fill = async (): Promise<void> => {
    filling = true;
    try {
      while (wanted()) {
        const next = source.next();
        const { done, value } = next instanceof Promise ? await next : next;
        if (done === true) more = false;
        else if (more) submit(value);
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
      // Not `yield*`: that takes three turns of the microtask queue for each.
      for (const result of arrival.results) yield result;
    }
  } finally {
    more = false;
    // Closes what the source has open, once it has come back with what it is asked for now: that may be never.
    Promise.resolve(source.return()).catch(() => {});
  }
}

function* chunks<T>(items: Iterable<T>, size: number): Generator<T[], void, undefined> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

async function* chunksAsTheyCome<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void, undefined> {
  let chunk: T[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

export function checkItems(items: unknown, mayBeAsync: boolean): void {
  if (Symbol.iterator in Object(items) || (mayBeAsync && isAsync(items))) return;
  throw new TypeError(`expected an iterable of elements, not ${shown(items)}`);
}

/** Strings have elements, too, and are no objects. */
function isAsync<T>(items: unknown): items is AsyncIterable<T> {
  return Symbol.asyncIterator in Object(items);
}

/** Throws what `checkNames` and `checkWhole` throw. */
export function chunksizeOf(options: MapOptions): number | undefined {
  checkNames(options, ['chunksize']);
  if (options.chunksize !== undefined) checkWhole('chunksize', options.chunksize, 1);
  return options.chunksize;
}
