import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { makeTemp, removeTree } from './temp.ts';

export type ImageType = 'ext4' | 'ext4 of seconds' | 'xfs' | 'btrfs';

const IMAGES: Record<ImageType, { size: number; mkfs: string[] }> = {
  // 256-byte inodes: the smaller default of small images holds neither nanoseconds nor times after 2038.
  ext4: { size: 64 << 20, mkfs: ['mkfs.ext4', '-q', '-I', '256'] },
  'ext4 of seconds': { size: 64 << 20, mkfs: ['mkfs.ext4', '-q', '-I', '128'] },
  xfs: { size: 320 << 20, mkfs: ['mkfs.xfs', '-q'] },
  btrfs: { size: 256 << 20, mkfs: ['mkfs.btrfs', '-q'] },
};

/** A memory file system of its own, with as many bytes and inodes as a test wants it to run out of. */
export function mountTmpfs(options: { size?: string; inodes?: number } = {}): string {
  const { size = '64M', inodes = 0 } = options;
  return mounted((at) => run('mount', '-t', 'tmpfs', '-o', `size=${size},nr_inodes=${inodes}`, 'tmpfs', at));
}

/** A new file system of this type in a sparse image on a loop device. */
export function mountImage(type: ImageType, size = IMAGES[type].size): string {
  return mounted((at, beside) => {
    const image = `${beside}/image`;
    writeFileSync(image, '');
    truncateSync(image, size);
    run(...IMAGES[type].mkfs, image);
    run('mount', '-o', 'loop', image, at);
  });
}

/** The same directory under a second name. */
export function bindMount(source: string): string {
  return mounted((at) => run('mount', '--bind', source, at));
}

/** A directory or file that exists becomes another name of `source`, until the test ends. */
export function bindOnto(source: string, at: string): void {
  onTestFinished(() => unmount(at));
  run('mount', '--bind', source, at);
}

// mount(2), for mount(8) would look at what it has mounted.
const MUTE = `
import ctypes, os, signal, sys
at = sys.argv[1].encode()
device = os.open('/dev/fuse', os.O_RDWR)
options = f'fd={device},rootmode=40000,user_id=0,group_id=0'.encode()
if ctypes.CDLL(None).mount(b'mute', at, b'fuse.mute', 0, options): sys.exit(1)
print('mounted', flush=True)
signal.pause()
`;

const SLOWFS = fileURLToPath(new URL('slowfs.c', import.meta.url));

/** Builds the file system of `mountSlow` into a directory. @returns why it cannot be built, or null */
export function buildSlow(dir: string): string | null {
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'fuse3'], { encoding: 'utf8' });
  if (flags.status !== 0) return 'needs pkg-config and libfuse 3 with its headers';
  const args = ['-O1', '-pthread', SLOWFS, '-o', `${dir}/slowfs`, ...flags.stdout.trim().split(/\s+/)];
  return spawnSync('cc', args).status === 0 ? null : 'needs a C compiler';
}

/** A directory seen through storage on which each request takes so many microseconds, until the test ends. */
export async function mountSlow(built: string, shown: string, at: string, microseconds: number): Promise<ChildProcess> {
  const server = spawn(`${built}/slowfs`, [shown, String(microseconds), '/dev/null', at], { stdio: 'ignore' });
  const gone = once(server, 'close');
  onTestFinished(async () => {
    spawnSync('umount', ['--lazy', at]);
    server.kill('SIGKILL');
    await gone;
  });
  await expect.poll(() => spawnSync('mountpoint', ['-q', at]).status, { timeout: 10_000 }).toBe(0);
  return server;
}

/** Storage that never answers, at a directory that exists, until the test ends. */
export async function mountMute(at: string): Promise<void> {
  const server = spawn('python3', ['-c', MUTE, at], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    const gone = once(server, 'close');
    server.kill('SIGKILL');
    await gone;
    spawnSync('umount', ['--lazy', at]);
  });
  await once(server.stdout, 'data');
}

function mounted(mount: (at: string, beside: string) => void): string {
  const beside = makeTemp();
  const at = `${beside}/mount`;
  mkdirSync(at);
  onTestFinished(() => {
    unmount(at);
    removeTree(beside);
  });
  mount(at, beside);
  return at;
}

/** A process that was killed a moment ago may still hold it: then it goes as soon as that one is gone. */
function unmount(at: string): void {
  if (spawnSync('mountpoint', ['-q', at]).status !== 0) return;
  if (spawnSync('umount', [at]).status !== 0) run('umount', '--lazy', at);
}

function run(...[program = '', ...args]: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error ?? stderr}`);
}
