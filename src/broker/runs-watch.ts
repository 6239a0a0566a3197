import type { Redis } from './bullmq.ts';
import { RUNS } from './shared-run.ts';

/** Milliseconds between two polls for runs. The news may be lost, or not allowed to be heard. */
const POLL_INTERVAL_MS = 500;

/** Waits for news of runs that begin and end. */
export class RunsWatch {
  private readonly subscriber: Redis;
  private hasNews = false;
  private wake: () => void = () => {};

  /** @param signal ends every wait */
  constructor(client: Redis, signal: AbortSignal) {
    // It subscribes anew itself after each reconnection: nobody would catch the error of a library's attempt when the line ends first.
    this.subscriber = client.duplicate({ autoResubscribe: false });
    const onNews = (): void => {
      this.hasNews = true;
      this.wake();
    };
    this.subscriber.on('message', onNews);
    this.subscriber.on('ready', () => void this.subscriber.subscribe(RUNS).catch(() => {}));
    signal.addEventListener('abort', onNews, { once: true });
  }

  /** Resolves when there has been news since the last call, or when a poll is due. */
  async next(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    if (!this.hasNews) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        timer = setTimeout(resolve, POLL_INTERVAL_MS);
      });
    }
    clearTimeout(timer);
    this.hasNews = false;
  }

  close(): void {
    this.subscriber.disconnect();
  }
}

/** Tells helpers that a run has begun or ended. */
export async function announce(client: Redis, id: string): Promise<void> {
  // They look for themselves, too.
  await client.publish(RUNS, id).catch(() => {});
}
