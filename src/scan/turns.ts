/** Milliseconds between two turns. */
const TURN_MS = 5;
/** Characters that are matched between two looks at the clock, each of which costs as much as matching a short name. */
const CHARACTERS = 10_000;

/** Milliseconds between two looks at whether an answer is still wanted. */
const LOOK_EVERY = 50;

/** The run is being ended. */
export class Cancelled extends Error {
  override name = 'Cancelled';
}

/** Gives the rest of the process a turn now and then in work that does not wait by itself: signals are heard only between turns. */
export class Turns {
  private readonly cancelled: () => boolean;
  private last = performance.now();
  private characters = 0;

  constructor(cancelled: () => boolean) {
    this.cancelled = cancelled;
  }

  /** Whether it is time for `take`, before matching so many characters. */
  due(characters: number): boolean {
    this.characters += characters;
    if (this.characters < CHARACTERS) return false;
    this.characters = 0;
    return performance.now() - this.last > TURN_MS;
  }

  /** @throws Cancelled */
  async take(): Promise<void> {
    if (performance.now() - this.last > TURN_MS) {
      await new Promise(setImmediate);
      this.last = performance.now();
    }
    if (this.cancelled()) throw new Cancelled();
  }
}

/** Waits for what may never come, such as an answer of storage. Throws Cancelled. */
export async function unlessCancelled<T>(answer: Promise<T>, cancelled: () => boolean): Promise<T> {
  let stopWaiting: (error: Cancelled) => void = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stopWaiting = reject;
  });
  const timer = setInterval(() => {
    if (cancelled()) stopWaiting(new Cancelled());
  }, LOOK_EVERY);
  try {
    return await Promise.race([answer, stopped]);
  } finally {
    clearInterval(timer);
  }
}
