// Tasks that the parent calls in a worker process: `setup` once, then `runJob` for each job.
import { openFileSystem } from '../fs/driver.ts';
import { currentProcess, leaveNote, mapNotesWith } from '../process/current.ts';
import type { Queue } from '../process/queue.ts';
import type { Job } from '../protocol/jobs.ts';
import { LEASE_OVER_EXIT_CODE } from '../protocol/lease.ts';
import type { Report, WorkerEvent } from '../protocol/report.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import { AskedBackReader } from './asked-back.ts';
import { LeaseExpired, ParentDied } from './heartbeat.ts';
import { Worker } from './worker.ts';

// Loading the driver takes most of a worker's start, so it begins before `setup`.
const early = openFileSystem().catch(() => null);

let worker: Worker | undefined;

export async function setup(config: WorkerConfig, events: Queue<WorkerEvent>, askedBack: string | null): Promise<void> {
  const loaded = await early;
  const fs = loaded?.name === config.driver ? loaded : await openFileSystem(config.driver);
  mapNotesWith((fd) => fs.map(fd, 4));
  // Modes are given exactly as the source has them.
  process.umask(0);
  const index = currentProcess().index ?? 0;
  worker = new Worker(fs, config, {
    index,
    emit: (event) => events.put(event),
    note,
    askedBack: new AskedBackReader(askedBack),
  });
}

export async function runJob(job: Job, number: number): Promise<Report> {
  if (worker === undefined) throw new Error('runJob before setup');
  try {
    return await worker.run(job, number);
  } catch (error) {
    if (error instanceof LeaseExpired) process.exit(LEASE_OVER_EXIT_CODE);
    if (error instanceof ParentDied) process.exit(1); // Nobody sees it.
    throw error;
  }
}

// Without notes the current entry of a dead worker is unknown, which is no reason to fail now.
function note(index: number): void {
  try {
    leaveNote(index);
  } catch {
    // No space, or another error of the memory file system.
  }
}
