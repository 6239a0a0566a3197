import { spawnSync } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { type Running, start, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';

/** Milliseconds that a lock of a job lasts in these tests. */
export const LOCK_MS = 1500;
export const QUICK = { PCOPY_BROKER_LOCK_MS: String(LOCK_MS) };

export interface RedisServer {
  url: string;
  /** What a client is told. */
  cli(...args: string[]): string;
  keys(): string[];
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** A server of the test's own, on a socket in a directory of its own. */
export async function redisServer({ keepsData = false } = {}): Promise<RedisServer> {
  const directory = temp();
  const socket = `${directory}/redis.sock`;
  const options = ['--port', '0', '--unixsocket', socket, '--dir', directory, '--save', ''];
  const command = ['redis-server', ...options, '--appendonly', keepsData ? 'yes' : 'no', '--appendfsync', 'always'];
  const cli = (...args: string[]): string =>
    spawnSync('redis-cli', ['-s', socket, ...args], { encoding: 'utf8' }).stdout.trim();
  let running: Running | undefined;
  const server: RedisServer = {
    url: `unix://${socket}`,
    cli,
    keys: () => cli('--raw', 'KEYS', '*').split('\n').filter(Boolean),
    async kill() {
      running?.child.kill('SIGKILL');
      await running?.done;
    },
    async start() {
      running = startCommand(command, { timeoutMs: 120_000 });
      running.done.catch(() => {});
      await until(() => cli('PING') === 'PONG');
    },
  };
  await server.start();
  return server;
}

export interface HelperOptions {
  jobs?: number;
  env?: Record<string, string | undefined>;
  prefix?: readonly string[];
}

/** A machine that helps; it waits for runs when this resolves. */
export async function helper(url: string, allow: string, options: HelperOptions = {}): Promise<Running> {
  const { jobs = 2, env = {}, prefix = [] } = options;
  const args = ['worker', url, '--allow', allow, '-j', String(jobs)];
  const running = start(args, { env: { ...QUICK, ...env }, prefix, timeoutMs: 120_000 });
  running.done.catch(() => {});
  await until(() => running.output().stderr.includes('waits for runs'));
  return running;
}

export interface Line {
  url: string;
  cut(): void;
  /** No new connections; what is open stays. */
  refuse(): void;
  /** Connections that are open now stay open, and nothing comes through until `release`. */
  hold(): void;
  release(): void;
  mend(): void;
}

/** The same server over a line that can be cut. */
export async function cuttable(redis: RedisServer): Promise<Line> {
  const path = `${temp()}/line.sock`;
  const open = new Set<Socket>();
  const held: (() => void)[] = [];
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) return client.destroy();
    const line = connect(redis.url.slice('unix://'.length));
    for (const end of [client, line]) {
      open.add(end);
      end.on('error', () => {});
      end.on('close', () => {
        open.delete(end);
        (end === client ? line : client).destroy();
      });
    }
    client.pipe(line).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const refuse = (): void => {
    isCut = true;
  };
  const hold = (): void => {
    for (const end of open) {
      end.pause();
      held.push(() => void end.resume());
    }
  };
  const release = (): void => {
    for (const resume of held.splice(0)) resume();
  };
  const cut = (): void => {
    refuse();
    for (const end of open) end.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const mend = (): void => {
    isCut = false;
  };
  return { url: `unix://${path}`, cut, refuse, hold, release, mend };
}

/** A run that others may help. */
export function shared(
  url: string,
  args: readonly string[],
  options: Pick<HelperOptions, 'env' | 'prefix'> = {},
): Running {
  const { env = {}, prefix = [] } = options;
  return start([...args, '--broker', url], { env: { ...QUICK, ...env }, prefix, timeoutMs: 120_000 });
}

/**
 * What makes of a command a machine of its own: in its mount namespace the store stands at `at`, with caches that show for 3 s
 * what was there before. Both go with the command's process group.
 */
export function machine(built: string, store: string, at: string): string[] {
  const script = `
"$1"/slowfs "$2" 0 /dev/null "$3" stale </dev/null >/dev/null 2>&1 &
until mountpoint -q "$3"; do sleep 0.02; done
shift 3
exec "$@"`;
  return ['unshare', '-m', 'sh', '-c', script, 'sh', built, store, at];
}

export async function until(is: () => boolean): Promise<void> {
  await expect.poll(is, { timeout: 50_000, interval: 20 }).toBe(true);
}

/** Files of a few KiB in directories, with links of all kinds, and one that is split. */
export function plantTree(root: string, files = 3000, big = 80 << 20): void {
  const script = `
import os, sys
root, files, big = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for i in range(files):
    d = f'{root}/{i % 7}/{i % 60}'
    if i < 420: os.makedirs(d, exist_ok=True)
    open(f'{d}/{i}', 'wb').write(os.urandom(2000))
for i in range(40):
    os.link(f'{root}/0/0/0', f'{root}/1/link{i}')
    os.symlink(f'nowhere {i}', f'{root}/2/symlink{i}')
open(f'{root}/big', 'wb').write(os.urandom(big))
os.mkdir(f'{root}/empty', 0o555)
`;
  const { status, stderr } = spawnSync('python3', ['-c', script, root, String(files), String(big)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}
