// How queues, pipe ends and proxies travel inside ordinary values. A shared object has one own enumerable property, a
// getter that gives its descriptor and notes it in the handleTable. Structured clone therefore writes the descriptor where the
// object was, and because `handles: handleTable` stands behind the value in every message, it writes the finished list
// after it. So values without shared objects are never walked, neither when they are sent nor when they arrive.
import { explain } from './clone.ts';
import type { Address, Descriptor, PackedParcel, Parcel } from './protocol.ts';
import { decodeValue, encodeValue, type Packed } from './value-codec.ts';

const MARK = 'pcopy/process shared object';
const NONE: readonly Descriptor[] = [];

/** The descriptors met by the serialization under way. */
export const handleTable: Descriptor[] = [];
/** The process that the value under way is for; null when it is only tried out. */
let destination: Address | null = null;

/** For kinds that must know which processes hold them: a pipe's end is closed when nobody does any more. */
export interface Keeper {
  /** From now on that process holds it once more. Called before the message that carries it is sent. */
  hold(descriptor: Descriptor, holder: Address): void;
  /** That process holds it once less. */
  drop(descriptor: Descriptor, holder: Address): void;
}
const keepers = new Map<string, Keeper>();

export function keepWith(kind: string, keeper: Keeper): void {
  keepers.set(kind, keeper);
}

/**
 * Serializes a value that may hold shared objects, by `write`: they are in the handleTable afterwards, and held by that process; null: by
 * none. Throws NotCloneable, naming the part of `value`.
 */
export function serializing<T>(value: unknown, to: Address | null, write: () => T): T {
  handleTable.length = 0;
  destination = to;
  try {
    return write();
  } catch (error) {
    try {
      throw explain(error, value);
    } finally {
      // Last: looking for the part at fault serializes again, and each time the ends of pipes met count as held.
      if (to !== null) dropAll(handleTable, to);
    }
  }
}

/** A parcel kept in one process goes to another: what it holds changes hands. */
export function passOn(handles: readonly Descriptor[], from: Address, to: Address): void {
  holdAll(handles, to);
  dropAll(handles, from);
}

/** A copy of a parcel goes to another process. */
export function holdAll(handles: readonly Descriptor[], holder: Address): void {
  for (const descriptor of handles) keepers.get(descriptor.kind)?.hold(descriptor, holder);
}

/** A parcel is thrown away unopened. */
export function dropAll(handles: readonly Descriptor[], holder: Address): void {
  for (const descriptor of handles) keepers.get(descriptor.kind)?.drop(descriptor, holder);
}

/** Makes an object one that crosses processes as its descriptor. `leaving` is called before each time it does. */
export function mark(object: object, descriptor: Descriptor, leaving: () => void): void {
  const get = (): Descriptor => {
    leaving();
    handleTable.push(descriptor);
    if (destination !== null) holdAll([descriptor], destination);
    return descriptor;
  };
  Object.defineProperty(object, MARK, { enumerable: true, get });
}

type Reviver = (descriptor: Descriptor) => object;
const revivers = new Map<string, Reviver>();

/** Says how an arriving descriptor of this kind becomes an object again. Each kind's module does it as it loads. */
export function reviveWith(kind: string, reviver: Reviver): void {
  revivers.set(kind, reviver);
}

/** A value that holds no shared object, and is plain already. */
export function plain(value: unknown): Parcel {
  return { value, handles: NONE };
}

/** The value serialized, to be kept by `keeper` or sent to it; null: to be thrown away. Throws NotCloneable. */
export function pack(value: unknown, keeper: Address | null): PackedParcel {
  const packed = serializing(value, keeper, () => encodeValue(value));
  return { value: packed, packed: true, handles: handleTable.length === 0 ? NONE : handleTable.slice() };
}

/** The value for its receiver, with shared objects where the descriptors were. */
export function open({ value, packed, handles }: Parcel): unknown {
  const plainValue = packed === true ? decodeValue(value as Packed) : value;
  return handles.length === 0 ? plainValue : revive(plainValue, new Map());
}

function revive(value: unknown, seen: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (MARK in value) {
    const descriptor = value[MARK] as Descriptor;
    const reviver = revivers.get(descriptor.kind);
    if (reviver === undefined) throw new TypeError(`unknown kind of shared object: ${descriptor.kind}`);
    const object = reviver(descriptor);
    seen.set(value, object);
    return object;
  }
  seen.set(value, value);
  if (value instanceof Map) reviveMap(value, seen);
  else if (value instanceof Set) reviveSet(value, seen);
  else for (const [key, part] of Object.entries(value)) (value as Record<string, unknown>)[key] = revive(part, seen);
  return value;
}

function reviveMap(map: Map<unknown, unknown>, seen: Map<unknown, unknown>): void {
  const entries = [...map];
  map.clear();
  for (const [key, part] of entries) map.set(revive(key, seen), revive(part, seen));
}

function reviveSet(set: Set<unknown>, seen: Map<unknown, unknown>): void {
  const parts = [...set];
  set.clear();
  for (const part of parts) set.add(revive(part, seen));
}
