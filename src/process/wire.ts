// Everything that crosses the channel between two processes. Both sides import this file, and neither the other side.
import type { WireError } from './error-wire.ts';

/** A process's place in the tree of processes: 'r', its children 'r.1', 'r.2', their children 'r.1.1'. Never used twice. */
export type Address = string;

/** What stands for a shared object in a message. `home` is the process that holds it, `id` is unique in the tree. */
export interface Descriptor {
  kind: string;
  id: string;
  home: Address;
  /** What the kind needs to know beside: a queue's capacity, which end of a pipe. */
  detail: number;
}

/** A value on its way: cloned, with descriptors where the shared objects were, and the list of those descriptors. */
export interface Parcel {
  value: unknown;
  handles: readonly Descriptor[];
}

/** A function of a module. */
export interface Target {
  /** URL of the module. */
  module: string;
  /** Name of the export. */
  name: string;
}

/** What a child learns from its command line, before the first message. Short: `ps` shows it. */
export interface Boot {
  address: Address;
  parent: number;
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
  /** A signal typed at the terminal reaches the whole process group; a worker leaves the decision to its parent. */
  ignoreSignals: boolean;
  initializer: Target | null;
  args: readonly unknown[];
  handles: readonly Descriptor[];
}

export interface TaskMessage {
  type: 'task';
  id: number;
  module: string;
  name: string;
  args: readonly unknown[];
  /** Call once for each element of args[0], and answer with the list of results. */
  each: boolean;
  handles: readonly Descriptor[];
}

/** From a parent to its own child. `finish`: do what was sent before, then exit. */
export type ToChild = Setup | TaskMessage | { type: 'finish' };

/** From a child to its own parent. `broken`: start-up failed, the child exits. */
export type FromChild =
  | { type: 'ready' }
  | { type: 'broken'; error: WireError }
  | { type: 'result'; id: number; value: unknown; handles: readonly Descriptor[] }
  | { type: 'failure'; id: number; error: WireError };

/** Between any two processes, handed on by those between them. */
export type Routed =
  | {
      type: 'call';
      to: Address;
      from: Address;
      /** Pairs the reply with the call; 0: no reply wanted. */
      seq: number;
      object: string;
      op: Operation;
      handles: readonly Descriptor[];
    }
  /** The hot one, flat: an item for which the queue has promised room. */
  | { type: 'item'; to: Address; from: Address; object: string; item: unknown; handles: readonly Descriptor[] }
  | { type: 'reply'; to: Address; seq: number; value: unknown; handles: readonly Descriptor[] }
  | { type: 'refusal'; to: Address; seq: number; error: WireError }
  | { type: 'notice'; to: Address; from: Address; object: string; notice: Notice };

/** To everybody whom it may concern, from neighbour to neighbour. */
export type Broadcast =
  /** This process and all below it are dead. `home`: it held shared objects, so others may be waiting for it. */
  | { type: 'gone'; address: Address; home: boolean }
  /** Below this link there is a process that holds shared objects, and so wants to hear of deaths. */
  | { type: 'home' };

export type Message = ToChild | FromChild | Routed | Broadcast;

/** What a home tells a process that uses one of its objects. */
export type Notice =
  /** Give back the room that was promised to you. */
  { type: 'recall' };

/** What can be asked of a shared object; each kind answers its own. `wait`: milliseconds, 0 not at all, null for ever. */
export type Operation = QueueOperation;

export type QueueOperation =
  | { op: 'put'; item: unknown; wait: number | null }
  | { op: 'get'; wait: number | null }
  | { op: 'size' }
  | { op: 'close' }
  /** Answer to a recall: so much promised room was not used. */
  | { op: 'return'; credit: number };
