// Everything that crosses the channel between two processes. Both sides import this file, and neither the other side.
import type { EncodedError } from './error-codec.ts';
import type { Packed } from './value-codec.ts';

/** A process's place in the tree of processes: 'r', its children 'r.1', 'r.2', their children 'r.1.1'. Never used twice. */
export type Address = string;

/** What stands for a shared object in a message. `owner` is the process that holds it, `id` is unique in the tree. */
export interface Descriptor {
  kind: string;
  id: string;
  owner: Address;
  /** What the kind needs to know beside: a queue's capacity, which end of a pipe. */
  detail: number;
}

/** A value on its way: cloned, with descriptors where the shared objects were, and the list of those descriptors. */
export interface Parcel {
  value?: unknown;
  handles: readonly Descriptor[];
  /** The object keeps it, and this is a copy. */
  kept?: boolean;
  /** The value is still as it was serialized: only who wants it has to look inside. */
  packed?: boolean;
  /** Not a value but a queue's items for a consumer elsewhere. */
  items?: readonly PackedParcel[];
}

/** A value that is serialized once and passed on as it is. */
export interface PackedParcel extends Parcel {
  value: Packed;
  packed: true;
}

/** Between which processes, and about which object. */
export interface Route {
  to: Address;
  from: Address;
  object: string;
}

/** A function of a module. */
export interface Target {
  /** URL of the module. */
  module: string;
  /** Name of the export. */
  name: string;
}

/**
 * `worker`: of a pool. `process`: runs one task, and its failure is its exit code. `manager`: keeps objects for others. Workers
 * and managers ignore signals typed at the terminal, which reach the whole process group: their parent decides.
 */
export type Role = 'worker' | 'process' | 'manager';

/** What a child learns from its command line, before the first message. Short: `ps` shows it. */
export interface Boot {
  address: Address;
  parent: number;
  role: Role;
  /** File descriptor for notes, or -1. */
  notes: number;
  /** Modules to import at once. */
  preload: string[];
}

export interface Setup {
  type: 'setup';
  name: string;
  index: number | null;
  daemon: boolean;
  initializer: Target | null;
  args: readonly unknown[];
  handles: readonly Descriptor[];
}

/** Of a child that is no worker. */
export const NO_SETUP = { index: null, initializer: null, args: [], handles: [] };

export interface TaskMessage extends Target {
  type: 'task';
  id: number;
  /** An array, serialized. */
  args: Packed;
  /** Call once for each element of args[0], and answer with the list of results. */
  each: boolean;
  handles: readonly Descriptor[];
}

/** From a parent to its own child. `finish`: do what was sent before, then exit. `giveBack`: the tasks not begun. */
export type ToChild = Setup | TaskMessage | { type: 'finish' } | { type: 'giveBack' };

/** From a child to its own parent. `booted`: node runs, what was sent is being read. `broken`: start-up failed, the child exits. */
export type FromChild =
  | { type: 'booted' }
  | { type: 'ready' }
  | { type: 'broken'; error: EncodedError }
  | { type: 'result'; id: number; value?: unknown; handles: readonly Descriptor[] }
  | { type: 'failure'; id: number; error: EncodedError }
  /** These tasks were not begun and will not be. */
  | { type: 'returned'; ids: readonly number[] };

/** Between any two processes, handed on by those between them. */
export type Routed =
  /** `seq` pairs the reply with the call; 0: no reply wanted. */
  | ({ type: 'call'; seq: number; op: Operation; handles: readonly Descriptor[] } & Route)
  /** Items for which a queue gave credit; or from a queue, to a consumer that asked for one in the call `seq`, or 0. */
  | ({ type: 'items'; seq: number; items: readonly PackedParcel[] } & Route)
  | Notice
  | { type: 'reply'; to: Address; seq: number; value: unknown; handles: readonly Descriptor[] }
  | { type: 'refusal'; to: Address; seq: number; error: EncodedError };

/** Between a queue and a process that uses it, without an answer. `stream`: items come unasked, since nobody else may get them. */
export interface Notice extends Route {
  type: 'notice';
  what: About;
  count: number;
}

/** The first five are for the queue: items sent here that are taken or done; how many may be ahead; what comes back after a recall. */
export const NOTICES = [
  'taken',
  'done',
  'more',
  'credit',
  'returned',
  'recallCredit',
  'recallItems',
  'stream',
] as const;

export type About = (typeof NOTICES)[number];

/** To everybody, from neighbour to neighbour: this process and all below it are dead. */
export interface Death {
  type: 'gone';
  address: Address;
}

export type Message = ToChild | FromChild | Routed | Death;

/** Whether the message is for the router; else it is between this process and its neighbour. */
export function isRouted(message: Message): message is Routed | Death {
  return 'to' in message || message.type === 'gone';
}

/** What can be asked of a shared object; each kind answers its own. `wait`: milliseconds, 0 not at all, null for ever. */
export type Operation =
  | { op: 'put'; item: Packed; wait: number | null }
  /**
   * `bytes`: the item has to be bytes, that many at most; else it stays. Null: any item. `ahead`: so many more, if there are.
   * `waiting`: calls of `get` in that process that have no item, with this one.
   */
  | { op: 'get'; wait: number | null; bytes: number | null; ahead: number; waiting: number }
  /** Waits until `get` would give something, or say that nothing will come. */
  | { op: 'poll'; wait: number | null }
  | { op: 'size' }
  | { op: 'close' }
  // A joinable queue's own.
  | { op: 'taskDone' }
  | { op: 'join'; wait: number | null }
  // A pipe's: who holds which end.
  | { op: 'hold'; end: number; holder: Address }
  | { op: 'drop'; end: number; holder: Address }
  // A semaphore's, of which a lock is one; an event's.
  | { op: 'acquire'; wait: number | null }
  | { op: 'release' }
  | { op: 'eventSet' }
  | { op: 'eventClear' }
  | { op: 'eventIsSet' }
  | { op: 'eventWait'; wait: number | null }
  | { op: 'dictGet'; key: Key }
  | { op: 'dictSet'; key: Key; value: unknown }
  | { op: 'dictDelete'; key: Key }
  | { op: 'dictHas'; key: Key }
  | { op: 'dictSize' }
  | { op: 'dictEntries' }
  | { op: 'dictClear' }
  | { op: 'listAt'; index: number }
  | { op: 'listSet'; index: number; value: unknown }
  | { op: 'listPush'; value: unknown }
  | { op: 'listPop' }
  | { op: 'listShift' }
  | { op: 'listLength' }
  | { op: 'listSlice'; start: number; end: number | null }
  | { op: 'listClear' }
  // A manager's.
  | { op: 'make'; kind: MadeKind; id: string; detail: number };

/** A key of a shared dict: compared by value, as objects could not be. */
export type Key = string | number | boolean | bigint;

export type MadeKind = 'queue' | 'joinable-queue' | 'dict' | 'list' | 'lock' | 'semaphore' | 'event';
