// What `pcopy/process` exports.
import './joinable-core.ts';
import './queue-core.ts';
import './sync-core.ts';

export type { WaitOptions } from './arguments.ts';
export type { AsyncResult, Callbacks, TaskLimits, TaskOptions } from './async-result.ts';
export { type CurrentProcess, currentProcess, isMainProcess, leaveNote, parentIsAlive } from './current.ts';
export { Dict } from './dict.ts';
export {
  BufferTooShort,
  ConnectionClosed,
  EndOfFile,
  type Loss,
  MisuseError,
  NotCloneable,
  PoolClosed,
  QueueClosed,
  QueueEmpty,
  QueueFull,
  RemoteStack,
  WaitTimeout,
  WorkerLost,
} from './errors.ts';
export { JoinableQueue } from './joinable-queue.ts';
export { List } from './list.ts';
export { Manager } from './manager.ts';
export { type PipeEnd, type PipeOptions, pipe } from './pipe.ts';
export { Pool, ProcessPool, type WorkerView } from './pool.ts';
export type { MapOptions } from './pool-map.ts';
export type { PoolOptions } from './pool-options.ts';
export { type PrestartedWorker, prestartWorker } from './prestart.ts';
export { Process, type ProcessOptions } from './process.ts';
export type { Key } from './protocol.ts';
export { Queue } from './queue.ts';
export type { ForkOptions } from './spawn.ts';
export { type Acquired, Event, Lock, Semaphore } from './sync.ts';
export { type Task, task } from './tasks.ts';
