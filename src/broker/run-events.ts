import { QueueEvents, type Redis } from './bullmq.ts';
import { LONGEST_READ_MS } from './connection.ts';
import { PREFIX } from './shared-run.ts';

/** An event of ours that the coordinator sends to itself. */
const BEAT = 'beat';

/**
 * The events of a run at the broker, in their order, with beats among them: when one is heard, all that was reported before it was
 * sent has been heard too.
 */
export class RunEvents extends QueueEvents {
  /** Beats that were sent. */
  sent = 0;
  /** The last beat that was heard. */
  heard = 0;
  /** Of the last event that was read. */
  private lastId = '0-0';

  /** @param connection for these events alone: reading them blocks it */
  constructor(run: string, connection: Redis) {
    super(run, { connection, prefix: PREFIX, lastEventId: '0', blockingTimeout: LONGEST_READ_MS });
    const events = this as unknown as NodeJS.EventEmitter;
    events.on(BEAT, ({ number }: { number: string }) => {
      this.heard = Math.max(this.heard, Math.min(Number(number) || 0, this.sent));
    });
    const emit = events.emit.bind(events);
    events.emit = (event: string, ...args: unknown[]) => {
      const id = args.at(-1);
      if (typeof id === 'string' && /^\d{1,15}-\d{1,15}$/.test(id)) this.lastId = id;
      return emit(event, ...args);
    };
  }

  /** @param client another connection */
  async sendBeat(client: Redis): Promise<void> {
    const key = this.toKey('events');
    const beat = ['event', BEAT, 'number', `${++this.sent}`];
    const read = this.lastId;
    const id = await client.xadd(key, '*', ...beat);
    // Ids are times. A broker without data whose clock is behind, as on another machine, begins with such as count as read.
    if (id !== null && !isAfter(id, read) && !this.closing) {
      // Refused when the clock has passed that id meanwhile: the next beat comes after it.
      await client.xadd(key, following(read), ...beat).catch(() => null);
    }
  }
}

function isAfter(id: string, other: string): boolean {
  const [[ms = 0, count = 0], [otherMs = 0, otherCount = 0]] = [partsOf(id), partsOf(other)];
  return ms > otherMs || (ms === otherMs && count > otherCount);
}

function following(id: string): string {
  const [ms = 0, count = 0] = partsOf(id);
  return `${ms}-${count + 1}`;
}

function partsOf(id: string): number[] {
  return id.split('-').map(Number);
}
