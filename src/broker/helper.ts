import { setTimeout as delay } from 'node:timers/promises';
import type { RawPath } from '../api/names.ts';
import { printable } from '../api/names.ts';
import { version } from '../api/version.ts';
import { openFileSystem } from '../fs/driver.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { markHere } from '../fs/temporary-name.ts';
import { Allowed } from './allowed.ts';
import { forget } from './broker.ts';
import { checkRun } from './check-run.ts';
import { connect, shownBroker } from './connection.ts';
import { Queue, type Redis } from './engine.ts';
import { Identities } from './identities.ts';
import { JobRunner } from './job-runner.ts';
import { checkProof } from './proof.ts';
import { keyOfRun, lockMs, PREFIX, REFUSED, RUNS, type SharedRun, thisHelper } from './shared-run.ts';

/** Milliseconds between two looks at which runs there are. */
const LOOK_EVERY = 300;

export interface HelperOptions {
  url: string;
  allow: readonly RawPath[];
  jobs: number;
  say: (line: string) => void;
  /** Aborted: the entries in hand are ended, then all is. */
  signal: AbortSignal;
}

/** Helps all runs at the broker until the signal. @throws RefusedError when it cannot begin */
export async function help(options: HelperOptions): Promise<void> {
  const fs = await openFileSystem();
  const allowed = new Allowed(fs, options.allow);
  const client = await connect(options.url);
  options.say(`pcopy: waits for runs at ${shownBroker(options.url)}`);
  const runs = new Map<string, HelpedRun>();
  const { signal } = options;
  try {
    while (!signal.aborted) {
      await lookAround({ client, fs, allowed, options }, runs).catch(() => {}); // The broker is away.
      await delay(LOOK_EVERY, undefined, { signal }).catch(() => {});
    }
    await Promise.all([...runs.values()].map((run) => run.finish()));
  } finally {
    client.disconnect();
    allowed.close();
  }
}

interface Here {
  client: Redis;
  fs: FileSystem;
  allowed: Allowed;
  options: HelperOptions;
}

async function lookAround(here: Here, runs: Map<string, HelpedRun>): Promise<void> {
  const { client, options } = here;
  const told = new Set(await client.zrange(RUNS, '0', '-1'));
  for (const id of told) {
    const text = await client.get(keyOfRun(id));
    if (text === null) {
      await forgetDead(client, id);
      told.delete(id);
      continue;
    }
    let run = runs.get(id);
    if (run === undefined) {
      run = new HelpedRun(here, id);
      runs.set(id, run);
    }
    if (!options.signal.aborted) await run.look(text);
  }
  for (const [id, run] of runs) {
    if (told.has(id)) continue;
    runs.delete(id);
    await run.terminate();
  }
}

// Its coordinator has not renewed it: it is dead, and cannot clear up any more.
async function forgetDead(client: Redis, id: string): Promise<void> {
  await client.zrem(RUNS, id);
  const queue = new Queue(id, { connection: client, prefix: PREFIX });
  await forget(client, queue).catch(() => {});
  await queue.close();
}

/** One run, as this helper knows it. */
class HelpedRun {
  private readonly here: Here;
  private readonly id: string;
  /** What this machine caches of the directories may be some seconds old: it is looked at so long. */
  private readonly until = performance.now() + lockMs();
  private isRefused = false;
  private runner: JobRunner | null = null;

  constructor(here: Here, id: string) {
    this.here = here;
    this.id = id;
  }

  /** Joins it, if that may be. */
  async look(text: string): Promise<void> {
    if (this.runner !== null || this.isRefused) return;
    try {
      this.join(text);
    } catch (error) {
      if (performance.now() < this.until && !isFinal(error)) return;
      this.isRefused = true;
      await this.refuse((error as Error).message);
    }
  }

  async finish(): Promise<void> {
    await this.runner?.finish();
  }

  async terminate(): Promise<void> {
    await this.runner?.terminate();
  }

  private join(text: string): void {
    const { client, fs, allowed, options } = this.here;
    let run: SharedRun;
    try {
      run = checkRun(text, version());
    } catch (error) {
      throw new Final((error as Error).message);
    }
    const roots = checkProof(fs, allowed, run.config, run.proof);
    const identities = new Identities(roots.source.identity, roots.destination.identity);
    const config = {
      ...run.config,
      ...roots,
      driver: fs.name,
      forbidden: run.config.forbidden.map((identity) => identities.local(identity, 'S')),
      runMark: markHere(run.config.runMark),
    };
    const helper = thisHelper(options.jobs);
    const warn = (message: string): void => options.say(`pcopy: ${message}`);
    const lost = (error: Error): void => {
      warn(error.message);
      void this.terminate();
    };
    this.runner = new JobRunner(client, this.id, { fs, config, helper, early: [], warn, lost });
    options.say(`pcopy: helps to copy ${printable(config.source.path)} to ${printable(config.destination.path)}`);
  }

  private async refuse(message: string): Promise<void> {
    const { client, options } = this.here;
    options.say(`pcopy: does not help run ${this.id}: ${message}`);
    // Only into a stream that is there: one that this would make nobody would remove.
    const words = ['event', REFUSED, 'helper', thisHelper(0).name, 'message', message];
    await client.xadd(`${PREFIX}:${this.id}:events`, 'NOMKSTREAM', '*', ...words);
  }
}

class Final extends Error {}

function isFinal(error: unknown): boolean {
  return error instanceof Final;
}
