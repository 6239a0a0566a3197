// What `pcopy/process` exports.
export type { AsyncResult, Callbacks } from './async-result.ts';
export { type CurrentProcess, currentProcess, leaveNote, parentIsAlive } from './current.ts';
export {
  BufferTooShort,
  ConnectionClosed,
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
export type { ForkOptions } from './fork.ts';
export { Pool, ProcessPool, type WorkerView } from './pool.ts';
export type { PoolOptions } from './pool-options.ts';
export { type PrestartedWorker, prestartWorker } from './prestart.ts';
export { Queue, type WaitOptions } from './queue.ts';
export { type Task, task } from './tasks.ts';
