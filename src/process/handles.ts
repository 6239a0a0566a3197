// How queues, pipe ends and proxies travel inside ordinary values. A shared object has one own enumerable property, a
// getter that gives its descriptor and notes it in the manifest. Structured clone therefore writes the descriptor where the
// object was, and because `handles: manifest` stands behind the value in every message, it writes the finished list
// after it. So values without shared objects are never walked, neither when they are sent nor when they arrive.
import { copyOf } from './clone.ts';
import type { Descriptor, Parcel } from './wire.ts';

const MARK = 'pcopy/process shared object';
const NONE: readonly Descriptor[] = [];

/** The descriptors met by the serialization under way. Emptied before each. */
export const manifest: Descriptor[] = [];

/** Makes an object one that crosses processes as its descriptor. `leaving` is called before each time it does. */
export function mark(object: object, descriptor: Descriptor, leaving: () => void): void {
  const get = (): Descriptor => {
    leaving();
    manifest.push(descriptor);
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

/** The value as it would arrive in another process, still closed. Throws NotCloneable. */
export function pack(value: unknown): Parcel {
  manifest.length = 0;
  const copy = copyOf(value);
  return { value: copy, handles: manifest.length === 0 ? NONE : manifest.slice() };
}

/** The value for its receiver, with shared objects where the descriptors were. */
export function open(parcel: Parcel): unknown {
  return parcel.handles.length === 0 ? parcel.value : revive(parcel.value, new Map());
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
