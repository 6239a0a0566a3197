import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HOOK = fileURLToPath(new URL('worker-hook.cjs', import.meta.url));

/** What a worker asks of the file system, by either driver, under the names the kernel has for it. */
export const CALLS =
  'openat statx fstat newfstatat lstat stat read pread64 write pwrite64 link linkat rename renameat renameat2 ' +
  'mkdir mkdirat rmdir utimensat fchmod fchmodat fchmodat2 chmod fchown fchownat lchown close fsync ftruncate ' +
  'symlink symlinkat unlink unlinkat getdents64 ioctl lseek readlink readlinkat mknodat ' +
  'flistxattr fgetxattr fsetxattr fremovexattr listxattr getxattr setxattr removexattr';

/** One call of a worker as strace wrote it down, with descriptors resolved to paths. */
export interface Call {
  name: string;
  /** Which one of this name in its process, 1 the first. */
  ordinal: number;
  text: string;
  injected: boolean;
}

/**
 * Has every worker, and only the workers, run under strace. It stands beside the worker, not between it and its parent, so
 * process numbers and parents are what they are without.
 * @param tamper strace's `-e inject=` expressions
 * @param paths count, tamper with and write down only calls on these; `$$` is the worker, `$PPID` its parent, `$START` when that began
 * @param releasable a SIGTERM ends strace and lets the worker go on without it
 */
export function straceWorkers(
  dir: string,
  tamper: readonly string[] = [],
  paths: readonly string[] = [],
  releasable = false,
): { env: Record<string, string> } {
  const program = `${dir}/node`;
  const inject = tamper.map((text) => `-e inject=${text}`).join(' ');
  // Under the filter of --seccomp-bpf the traced calls of an abandoned process fail with ENOSYS.
  const how = releasable ? '-I 2' : '--seccomp-bpf';
  const only = paths.map((path) => `-P "${path}"`).join(' ');
  // Optional calls (`?`): which of them exist depends on the processor and on strace's age.
  const trace = CALLS.split(' ')
    .map((name) => `?${name}`)
    .join();
  writeFileSync(
    program,
    `#!/bin/sh
unset PCOPY_TEST_NODE NODE_OPTIONS
exec strace -D -f ${how} -qq -y -s 0 -o ${dir}/$$.trace -e trace='${trace}' ${inject} ${only} ${process.execPath} "$@"
`,
  );
  chmodSync(program, 0o755);
  return { env: { PCOPY_TEST_NODE: program, NODE_OPTIONS: `--require=${HOOK}` } };
}

/** The calls of the workers' main threads: nothing else of theirs touches the trees. */
export function callsIn(dir: string): Call[] {
  if (!existsSync(dir)) return [];
  const traces = readdirSync(dir).filter((name) => name.endsWith('.trace'));
  return traces.flatMap((name) => callsOf(readFileSync(`${dir}/${name}`, 'latin1'), name.slice(0, -'.trace'.length)));
}

function callsOf(trace: string, pid: string): Call[] {
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  for (const text of trace.split('\n')) {
    const [, thread, name = ''] = /^(\d+) +(\w+)\(/.exec(text) ?? [];
    if (thread !== pid) continue;
    const ordinal = (counts.get(name) ?? 0) + 1;
    counts.set(name, ordinal);
    calls.push({ name, ordinal, text, injected: text.includes('(INJECTED)') });
  }
  return calls;
}
