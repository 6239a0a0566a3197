import { setTimeout as delay } from 'node:timers/promises';
import type { RawPath } from '../api/names.ts';
import { printable } from '../api/names.ts';
import { version } from '../api/version.ts';
import { openFileSystem } from '../fs/driver.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { markHere } from '../fs/temporary-name.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import { Allowed, PermanentRefusal } from './allowed.ts';
import { removeRun } from './broker.ts';
import { Queue, type Redis } from './bullmq.ts';
import { checkRun, isMark } from './check-run.ts';
import { connect, shownBroker } from './connection.ts';
import { Identities } from './identities.ts';
import { JobRunner } from './job-runner.ts';
import { checkProof } from './proof.ts';
import { RunsWatch } from './runs-watch.ts';
import { keyOfRun, lockMs, PREFIX, REFUSED, RUNS, type SharedRun, thisHelper } from './shared-run.ts';
import { WorkersAhead } from './workers-ahead.ts';

/** Milliseconds between two looks whether a helper that ends is done, and that the broker may take to answer it. */
const POLL_INTERVAL_MS = 100;
const LAST_ANSWER_MS = 1000;
/** Runs whose directories are remembered after the broker has lost sight of them. */
const MOST_REMEMBERED = 1000;

export interface HelperOptions {
  url: string;
  allow: readonly RawPath[];
  jobs: number;
  say: (line: string) => void;
  /** When aborted, the current entries are completed and the helper ends. */
  signal: AbortSignal;
}

/** Helps all runs at the broker until the signal. @throws RefusedError when it cannot start */
export async function help(options: HelperOptions): Promise<void> {
  const fs = await openFileSystem();
  const allowed = new Allowed(fs, options.allow);
  const client = await connect(options.url);
  sayWhenAway(client, options);
  options.say(`pcopy: waits for runs at ${shownBroker(options.url)}`);
  const ahead = new WorkersAhead(options.jobs);
  const watch = new RunsWatch(client, options.signal);
  const runs = new Map<string, HelpedRun>();
  const joined = new Map<string, Roots>();
  const { signal } = options;
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  try {
    while (!signal.aborted) {
      const polled = pollRuns({ client, fs, allowed, options, joined, ahead }, runs).catch(() => {}); // A command has failed.
      // While the broker is away commands wait without end.
      await Promise.race([polled, aborted]);
      if (runs.size === 0) ahead.start();
      await watch.next();
    }
    await finishAll(client, [...runs.values()]);
  } finally {
    watch.close();
    client.disconnect();
    await ahead.discard();
    allowed.close();
  }
}

function sayWhenAway(client: Redis, { url, say, signal }: HelperOptions): void {
  let isAway = false;
  client.on('close', () => {
    if (!isAway && !signal.aborted) say(`pcopy: the broker ${shownBroker(url)} is away; trying again`);
    isAway = true;
  });
  client.on('ready', () => {
    if (isAway) say(`pcopy: the broker ${shownBroker(url)} is back`);
    isAway = false;
  });
}

// Without the broker nobody would hear of the entries in hand: they are aborted, and others copy them.
async function finishAll(client: Redis, runs: readonly HelpedRun[]): Promise<void> {
  const finished = Promise.all(runs.map((run) => run.finish())).then(() => true);
  const answers = async (): Promise<boolean> =>
    client.status === 'ready' &&
    (await Promise.race([client.ping().then(() => true), delay(LAST_ANSWER_MS, false)]).catch(() => false));
  while (!(await Promise.race([finished, delay(POLL_INTERVAL_MS, false)]))) {
    if (await answers()) continue;
    await Promise.all(runs.map((run) => run.terminate()));
    return;
  }
}

type Roots = Pick<WorkerConfig, 'source' | 'destination'>;

interface HelperContext {
  client: Redis;
  fs: FileSystem;
  allowed: Allowed;
  options: HelperOptions;
  /** Of the latest runs that were joined, the directories: whoever has seen the proof once may join again when it is gone. */
  joined: Map<string, Roots>;
  ahead: WorkersAhead;
}

async function pollRuns(context: HelperContext, runs: Map<string, HelpedRun>): Promise<void> {
  const listedRuns = new Set(await context.client.zrange(RUNS, '0', '-1'));
  for (const id of listedRuns) {
    const run = runs.get(id) ?? new HelpedRun(context, id);
    runs.set(id, run);
    // What is wrong with one run must not keep this machine from the others.
    const isThere = await run.poll().catch((error: Error) => run.sayOnce(error.message));
    if (!isThere) listedRuns.delete(id);
  }
  for (const [id, run] of runs) {
    if (listedRuns.has(id)) continue;
    runs.delete(id);
    await run.terminate();
  }
}

// The coordinator is dead and cannot clean up itself. If it lives after all, it adds its jobs again when its run is not listed, which
// therefore goes last.
async function removeDeadRun(client: Redis, id: string): Promise<void> {
  const queue = new Queue(id, { connection: client, prefix: PREFIX });
  await removeRun(client, queue).catch(() => {});
  await queue.close();
  await client.zrem(RUNS, id);
}

/** One run and this helper's part in it. */
class HelpedRun {
  private readonly context: HelperContext;
  private readonly id: string;
  /** Until then a refusal is retried: this machine may cache an older state of the directories for some seconds. */
  private readonly until = performance.now() + lockMs();
  private isRefused = false;
  private said = '';
  private missingSince: number | null = null;
  private runner: JobRunner | null = null;
  /** Until then no worker could be started, and it is not tried again. */
  private idleUntil = 0;
  private hasHelped = false;

  constructor(context: HelperContext, id: string) {
    this.context = context;
    this.id = id;
  }

  /** Joins the run unless it has joined or refused already. False if the run is over. */
  async poll(): Promise<boolean> {
    if (!isMark(this.id)) return this.sayOnce('that is no name of a run');
    const { client, options } = this.context;
    const text = await client.get(keyOfRun(this.id));
    if (text === null) return this.isLeft();
    this.missingSince = null;
    if (!options.signal.aborted) await this.tryJoin(text);
    return true;
  }

  // The coordinator has not renewed its run. When it was the broker that was away, it does so soon; else it is dead.
  private async isLeft(): Promise<boolean> {
    this.missingSince ??= performance.now();
    await this.terminate();
    if (performance.now() - this.missingSince < lockMs()) return true;
    await removeDeadRun(this.context.client, this.id);
    return false;
  }

  sayOnce(message: string): true {
    const name = printable(this.id.slice(0, 40));
    if (this.said !== message) this.context.options.say(`pcopy: does not help run ${name}: ${message}`);
    this.said = message;
    return true;
  }

  private async tryJoin(text: string): Promise<void> {
    if (this.runner !== null || this.isRefused || performance.now() < this.idleUntil) return;
    try {
      this.join(text);
    } catch (error) {
      if (performance.now() < this.until && !(error instanceof PermanentRefusal)) return;
      this.isRefused = true;
      await this.refuse((error as Error).message);
    }
  }

  async finish(): Promise<void> {
    await this.runner?.finish();
  }

  async terminate(): Promise<void> {
    const { runner } = this;
    try {
      await runner?.terminate();
    } finally {
      if (this.runner === runner) this.runner = null;
    }
  }

  private join(text: string): void {
    const { client, fs, options, ahead } = this.context;
    let run: SharedRun;
    try {
      run = checkRun(text, version());
    } catch (error) {
      throw new PermanentRefusal((error as Error).message);
    }
    const roots = this.roots(run);
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
      this.sayOnce(error.message);
      this.idleUntil = performance.now() + lockMs();
      this.terminate().catch(() => {}); // What remains is removed by the next run.
    };
    const { bytesPerSecond } = run;
    const early = ahead.take();
    this.runner = new JobRunner(client, this.id, { fs, config, helper, bytesPerSecond, early, warn, lost });
    if (this.hasHelped) return;
    this.hasHelped = true;
    options.say(`pcopy: helps to copy ${printable(config.source.path)} to ${printable(config.destination.path)}`);
  }

  // The proof is gone when the top directory is finished. The workers make sure that the paths still lead to the same directories.
  private roots({ config, proof }: SharedRun): Roots {
    const { fs, allowed, joined } = this.context;
    const roots = joined.get(this.id) ?? checkProof(fs, allowed, config, proof);
    joined.set(this.id, roots);
    const [oldest] = joined.keys();
    if (joined.size > MOST_REMEMBERED && oldest !== undefined) joined.delete(oldest);
    return roots;
  }

  private async refuse(message: string): Promise<void> {
    this.sayOnce(message);
    // Only into an existing stream: nobody would remove one that this creates.
    const words = ['event', REFUSED, 'helper', thisHelper(0).name, 'message', message];
    await this.context.client.xadd(`${PREFIX}:${this.id}:events`, 'NOMKSTREAM', '*', ...words);
  }
}
