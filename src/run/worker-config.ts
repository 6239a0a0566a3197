import type { Config } from '../api/config.ts';
import { openRoot } from '../fs/directories.ts';
import { type FileSystem, withHandle } from '../fs/file-system.ts';
import { runMark } from '../fs/temporary-name.ts';
import type { Plan } from '../plan/prepare.ts';
import { WORKER_OPTIONS, type WorkerConfig, type WorkerOptions } from '../protocol/worker-config.ts';

/** Bytes. Files of this size or more are split among idle workers. */
const SPLIT_ABOVE = 64 * 1024 * 1024;

export function workerConfig(fs: FileSystem, plan: Plan, config: Config): WorkerConfig {
  const { verify, partial, atomic } = config;
  const options = Object.fromEntries(WORKER_OPTIONS.map((name) => [name, config[name]])) as WorkerOptions;
  const hash = config.manifest !== null;
  // Hashing needs the bytes in order, and a file written in place has no temporary name to share.
  // For a partial file only one position is recorded.
  const whole = (config.jobs === 1 && config.broker === null) || hash || verify || partial || !atomic;
  const mark = runMark();
  return {
    ...options,
    source: plan.source,
    destination: plan.destination,
    driver: fs.name,
    forbidden: plan.forbidden,
    merged: plan.merged,
    beganEmpty: isEmptyAndOurs(fs, plan),
    single: plan.single === null ? null : { from: plan.single.name, to: plan.single.as },
    beganMs: Date.now(),
    runMark: mark,
    leaderMark: mark,
    mirror: config.delete && config.ifExists === 'replace',
    hash,
    // Executors set these two.
    rate: null,
    lease: null,
    splitAbove: whole ? Number.POSITIVE_INFINITY : SPLIT_ABOVE,
    trace: config.trace !== null,
    entries: config.entries || hash,
  };
}

// Then everything in it is this run's: neither ACLs nor stale files have to be looked for.
function isEmptyAndOurs(fs: FileSystem, { destination, single }: Plan): boolean {
  if (single !== null || destination.identity === '') return false;
  try {
    return withHandle(fs, openRoot(fs, destination, 'destination'), (root) => {
      if (fs.stat(root).uid !== process.geteuid?.() || fs.xattrs?.has(root, 'system.posix_acl_default')) return false;
      fs.list(root, () => {
        throw new Error('not empty');
      });
      return true;
    });
  } catch {
    return false;
  }
}
