/** Milliseconds of work that a worker may have ahead, at the pace at which it ended jobs lately. */
const WORK_AHEAD = 20;
/** Milliseconds for one job, after which those behind it are recalled. */
const STALL = 50;
/** Jobs sent ahead to a worker, at most. */
const MOST_AHEAD = 32;
/** Chunks of `map`, sent ahead before the pace is known: what a worker's share is split into. */
const CHUNKS_AHEAD = 3;

/**
 * Which jobs may be sent to a busy worker, beside `prefetch`: none; more and more as long as it is quick; or as many at once as
 * are its share of a `map`.
 */
export type Ahead = 'none' | 'paced' | 'share';

/** How many jobs one worker may have beside the current one, by the time that it took for the last ones. */
export class Pace {
  readonly #onStall: () => void;
  #ahead = 0;
  #stalled = false;
  /** Milliseconds from one job's end to the next, lately. */
  #interval = WORK_AHEAD;
  #endedAt = 0;
  #stallTimer: NodeJS.Timeout | undefined;

  /** @param onStall the current job takes so long that those behind it should go to others. */
  constructor(onStall: () => void) {
    this.#onStall = onStall;
  }

  ahead(which: Ahead): number {
    if (which === 'none' || this.#stalled) return 0;
    if (which === 'paced' || this.#most === 0) return this.#ahead;
    return Math.max(this.#ahead, CHUNKS_AHEAD);
  }

  began(): void {
    this.#endedAt = Date.now();
  }

  watch(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => {
      this.#ahead = 0;
      this.#stalled = true;
      this.#onStall();
    }, STALL).unref();
  }

  ended(): void {
    const now = Date.now();
    // The clock may have been set back.
    this.#interval += (Math.max(0, now - this.#endedAt) - this.#interval) / 8;
    this.#endedAt = now;
    this.#stalled = false;
    this.#ahead = Math.min(2 * this.#ahead + 1, MOST_AHEAD, this.#most);
    this.#stallTimer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#stallTimer);
  }

  get #most(): number {
    return Math.floor(WORK_AHEAD / this.#interval);
  }
}
