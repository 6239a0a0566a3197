/** Milliseconds between two yields to the event loop. */
const TURN_MS = 5;
/** Characters that are matched between two readings of the clock, each of which costs as much as matching a short name. */
const CHARACTERS = 10_000;

/** Milliseconds between two checks for cancellation. */
const CHECK_INTERVAL_MS = 50;

/** The run is cancelled. */
export class Cancelled extends Error {
  override name = 'Cancelled';
}

/** Makes long synchronous work yield to the event loop regularly: signals are handled only there. */
export class Turns {
  private readonly cancelled: () => boolean;
  private last = performance.now();
  private characters = 0;

  constructor(cancelled: () => boolean) {
    this.cancelled = cancelled;
  }

  /** Whether to call `take` before matching this many characters. */
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

/** Waits for a promise that may never settle, such as an answer of storage. Throws Cancelled. */
export async function unlessCancelled<T>(answer: Promise<T>, cancelled: () => boolean): Promise<T> {
  let stopWaiting: (error: Cancelled) => void = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stopWaiting = reject;
  });
  const timer = setInterval(() => {
    if (cancelled()) stopWaiting(new Cancelled());
  }, CHECK_INTERVAL_MS);
  try {
    return await Promise.race([answer, stopped]);
  } finally {
    clearInterval(timer);
  }
}
