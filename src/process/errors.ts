/** A queue had no room: at once (`putNowait`), or within the time given to `put`. */
export class QueueFull extends Error {
  override name = 'QueueFull';
}

/** A queue had nothing to give: at once (`getNowait`), or within the time given to `get`. */
export class QueueEmpty extends Error {
  override name = 'QueueEmpty';
}

/** `put` after `close`; or `get` from a queue that is closed and has nothing left. */
export class QueueClosed extends Error {
  override name = 'QueueClosed';
}

/** The other end of a pipe is closed everywhere, or the process that holds a shared object is gone. */
export class ConnectionClosed extends Error {
  override name = 'ConnectionClosed';
}

/** The other end of a pipe is closed everywhere, and nothing is left to receive. Closed here, it is a plain ConnectionClosed. */
export class EndOfFile extends ConnectionClosed {
  override name = 'EndOfFile';
}

/** The shared object itself is no more: it was closed, and nobody is left to use it. */
export class ObjectGone extends ConnectionClosed {
  override name = 'ObjectGone';
}

/** A message is longer than the room offered for it. The message stays in the pipe. */
export class BufferTooShort extends Error {
  override name = 'BufferTooShort';
}

/** A call that does not fit the object's state: one `taskDone` too many, a lock released by who does not hold it. */
export class MisuseError extends Error {
  override name = 'MisuseError';
}

/** What was waited for did not happen within the milliseconds given. */
export class WaitTimeout extends Error {
  override name = 'WaitTimeout';
}

/** A value that cannot cross processes. `path` leads to the part that cannot: `.rows[3].callback`. */
export class NotCloneable extends Error {
  override name = 'NotCloneable';
  readonly path: string;
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** The pool takes no more tasks, or was terminated before this one ended. */
export class PoolClosed extends Error {
  override name = 'PoolClosed';
}

/** The stack of an error in another process, as the `cause` of the error that came back from there. */
export class RemoteStack extends Error {
  override name = 'RemoteStack';
}

/** Errors that tell a state and not a fault. */
export const STATES = [
  BufferTooShort,
  ConnectionClosed,
  EndOfFile,
  MisuseError,
  ObjectGone,
  PoolClosed,
  QueueClosed,
  QueueEmpty,
  QueueFull,
  WaitTimeout,
];

/** How a worker ended, and how far it had come. */
export interface Loss {
  pid: number | undefined;
  /** Slot in the pool, 0 to size - 1. */
  index: number;
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** The last number the worker gave to `leaveNote`, or null. */
  note: number | null;
  /**
   * Whether the task may have run, in whole or in part. False: no worker came up to run it, so it is safe to
   * give it to somebody else. True is the careful answer: also for a task that was handed over but not yet begun.
   */
  started: boolean;
}

/** The worker died with this task as its current one, or no worker could be started for it. `cause` says why, where known. */
export class WorkerLost extends Error implements Loss {
  override name = 'WorkerLost';
  readonly pid: number | undefined;
  readonly index: number;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly note: number | null;
  readonly started: boolean;
  constructor(loss: Loss, options?: ErrorOptions) {
    const how = loss.signal ?? (loss.exitCode === null ? 'could not be started' : `exit code ${loss.exitCode}`);
    super(`worker ${loss.index} (pid ${loss.pid ?? 'none'}) was lost: ${how}`, options);
    this.pid = loss.pid;
    this.index = loss.index;
    this.exitCode = loss.exitCode;
    this.signal = loss.signal;
    this.note = loss.note;
    this.started = loss.started;
  }
}
