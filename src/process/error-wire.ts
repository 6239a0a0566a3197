import { isCloneable } from './clone.ts';
import {
  BufferTooShort,
  ConnectionClosed,
  MisuseError,
  NotCloneable,
  ObjectGone,
  PoolClosed,
  QueueClosed,
  QueueEmpty,
  QueueFull,
  RemoteStack,
  WaitTimeout,
} from './errors.ts';

/** An error as plain data. Structured clone would keep only its message, its stack and the names of built-in classes. */
export interface WireError {
  name: string;
  message: string;
  stack: string;
  /** Own properties that can be cloned, such as `code`, `errno`, `path`. */
  properties: Record<string, unknown>;
  cause: WireError | null;
}

/** Errors that tell a state and not a fault: they come back as what they were, without the stack from the other side. */
const STATES = new Map<string, new (message: string) => Error>(
  [
    BufferTooShort,
    ConnectionClosed,
    MisuseError,
    ObjectGone,
    PoolClosed,
    QueueClosed,
    QueueEmpty,
    QueueFull,
    WaitTimeout,
  ].map((type) => [type.name, type]),
);

const BUILT_IN = new Map<string, new (message: string, options?: ErrorOptions) => Error>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

/** What was thrown, as data that any process can read. Anything may be thrown; what is no error becomes one. */
export function encodeError(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: textOf(thrown), stack: '', properties: {}, cause: null };
  }
  const properties: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(thrown)) {
    if (key !== 'name' && isCloneable(value)) properties[key] = value;
  }
  // A chain of causes may be a loop.
  const cause = thrown.cause === undefined || depth > 8 ? null : encodeError(thrown.cause, depth + 1);
  return { name: thrown.name, message: thrown.message, stack: thrown.stack ?? '', properties, cause };
}

/** Not everything has one: an object without a prototype throws when it is asked. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something without a text was thrown';
  }
}

/**
 * The error again: same message, name, own properties, and the same class where it is a built-in one. Its `cause` is a
 * `RemoteStack` with the stack of the other process, and the cause of that is the original cause.
 */
export function decodeError(wire: WireError): Error {
  const State = STATES.get(wire.name);
  if (State !== undefined) return new State(wire.message);
  if (wire.name === 'NotCloneable') return new NotCloneable(wire.message, String(wire.properties.path));
  const origin = new RemoteStack(wire.message, wire.cause === null ? undefined : { cause: decodeError(wire.cause) });
  origin.stack = wire.stack;
  const error = new (BUILT_IN.get(wire.name) ?? Error)(wire.message, { cause: origin });
  if (error.name !== wire.name) Object.defineProperty(error, 'name', { value: wire.name, configurable: true });
  return Object.assign(error, wire.properties);
}
