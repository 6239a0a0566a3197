// One rate for all machines of a run: each may use a share of it, by the number of its workers. The sum is never above the rate.
import type { Redis } from './bullmq.ts';
import { keyOfRun, lockMs, PREFIX } from './shared-run.ts';

/** Milliseconds between two exchanges about the shares. */
export const SHARES_INTERVAL_MS = 200;
/** Bytes per second; a share is never zero. */
const LEAST_SHARE = 0.0001;
/** What a machine without a job counts as, in workers: enough to begin one, and the rest goes to those that copy. */
const IDLE_WEIGHT = 0.1;

const keyOfUsed = (id: string): string => `${PREFIX}:${id}:rates-used`;
const keyOfGranted = (id: string): string => `${PREFIX}:${id}:rates-granted`;

/** The keys of the shares of a run, to be removed at its end. */
export function keysOfShares(id: string): string[] {
  return [keyOfUsed(id), keyOfGranted(id)];
}

// Only while the run is there: nobody would remove what is set later.
const TELL = `if redis.call('EXISTS', KEYS[1]) == 0 then return false end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[3], ARGV[1])`;

/**
 * A machine tells what it uses.
 * @param told.jobs 0 when it has nothing to do
 * @returns bytes per second that it may use; null: nothing has been granted yet
 */
export async function tellUsed(
  client: Redis,
  id: string,
  { name, jobs, used, count }: { name: string; jobs: number; used: number; count: number },
): Promise<number | null> {
  const keys = [keyOfRun(id), ...keysOfShares(id)];
  const answer = await client.eval(TELL, keys.length, ...keys, name, `${jobs} ${used} ${count}`);
  return isRate(answer) && Number(answer) >= LEAST_SHARE ? Number(answer) : null;
}

/** The coordinator hears what the machines use, and tells them what they may use. */
export async function exchangeShares(client: Redis, id: string, shares: RateShares): Promise<void> {
  const told = await client.hgetall(keyOfUsed(id));
  for (const [name, text] of Object.entries(told)) {
    const [, jobs, used, count] = /^(\d{1,2}) ([\d.]{1,25}) (\d{1,15})$/.exec(text) ?? [];
    if (isRate(used))
      shares.heard({ name, jobs: Number(jobs), used: Number(used), count: Number(count) }, performance.now());
  }
  const granted = shares.grant(performance.now());
  if (granted.size > 0) await client.hset(keyOfGranted(id), Object.fromEntries(granted));
  for (const name of Object.keys(told)) if (!granted.has(name)) await client.hdel(keyOfUsed(id), name);
}

function isRate(text: unknown): boolean {
  return typeof text === 'string' && Number.isFinite(Number(text)) && Number(text) >= 0;
}

interface Member {
  /** Number of its workers; 0 while it has nothing to do. */
  jobs: number;
  granted: number;
  /** What it has said to use; it may be more than what is granted now. */
  used: number;
  /** Changes each time that it says something. */
  count: number;
  heardMs: number;
}

/** Divides a rate: a machine gets more only when the others have said that they use less. */
export class RateShares {
  private readonly bytesPerSecond: number;
  private readonly members = new Map<string, Member>();

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond;
  }

  heard({ name, ...told }: { name: string; jobs: number; used: number; count: number }, nowMs: number): void {
    const known = this.members.get(name);
    if (known?.count === told.count) return;
    this.members.set(name, { ...told, granted: known?.granted ?? 0, heardMs: nowMs });
  }

  /** @returns bytes per second by machine */
  grant(nowMs: number): Map<string, number> {
    for (const [name, { heardMs }] of this.members) {
      // Its leases are over.
      if (nowMs - heardMs > lockMs()) this.members.delete(name);
    }
    const members = [...this.members.values()];
    const weightOf = ({ jobs }: Member): number => Math.max(jobs, IDLE_WEIGHT);
    const weights = members.reduce((sum, member) => sum + weightOf(member), 0);
    const shareOf = (member: Member): number => (this.bytesPerSecond * weightOf(member)) / weights;
    for (const member of members) member.granted = Math.min(member.granted, shareOf(member));
    let free = this.bytesPerSecond - members.reduce((sum, { granted, used }) => sum + Math.max(granted, used), 0);
    for (const member of members) {
      const more = Math.min(shareOf(member) - Math.max(member.granted, member.used), free);
      if (more <= 0) continue;
      member.granted = Math.max(member.granted, member.used) + more;
      free -= more;
    }
    return new Map([...this.members].map(([name, { granted }]) => [name, granted]));
  }
}
