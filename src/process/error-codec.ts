import { inspect, types } from 'node:util';
import { isCloneable } from './clone.ts';
import { type Loss, NotCloneable, RemoteStack, STATES, WorkerLost } from './errors.ts';

/** An error as plain data. Structured clone would keep only its message, its stack and the names of built-in classes. */
export interface EncodedError {
  name: string;
  message: string;
  stack: string;
  /** Own properties that can be cloned, such as `code`, `errno`, `path`. */
  properties: Record<string, unknown>;
  cause: EncodedError | null;
  /** Those of an AggregateError. */
  errors: EncodedError[] | null;
  /** A DOMException, whose name says nothing of its class: `AbortError`. */
  isDom: boolean;
}

/** They come back as what they were, without the stack from the other side. */
const STATE_BY_NAME = new Map<string, new (message: string) => Error>(STATES.map((type) => [type.name, type]));

const BUILT_IN = new Map<string, new (message: string, options?: ErrorOptions) => Error>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

/** Causes and errors within errors that are sent along: they may be a loop. */
const DEEPEST = 8;

/** What was thrown, as data that any process can read. Anything may be thrown; what is no error becomes one. */
export function encodeError(thrown: unknown, depth = 0): EncodedError {
  const inner = (error: unknown): EncodedError => encodeError(error, depth + 1);
  const properties: Record<string, unknown> = {};
  for (const [key, value] of ownEntries(thrown)) {
    if (key !== 'name' && isCloneable(value)) properties[key] = value;
  }
  if (!(types.isNativeError(thrown) || thrown instanceof Error)) {
    const common = { name: 'Error', stack: '', cause: null, errors: null, isDom: false };
    return { ...common, message: textOf(thrown), properties };
  }
  const { name, message, stack = '' } = thrown;
  const cause = thrown.cause === undefined || depth > DEEPEST ? null : inner(thrown.cause);
  const errors = thrown instanceof AggregateError && depth < DEEPEST ? thrown.errors.map(inner) : null;
  return { name, message, stack, properties, cause, errors, isDom: thrown instanceof DOMException };
}

/** Looking may run the program's own code: a getter, a proxy. */
function ownEntries(thrown: unknown): [string, unknown][] {
  try {
    return typeof thrown === 'object' && thrown !== null ? Object.entries(thrown) : [];
  } catch {
    return [];
  }
}

/** What the message of an error would have been. */
function textOf(thrown: unknown): string {
  try {
    if (typeof thrown !== 'object' || thrown === null) return String(thrown);
    return 'message' in thrown && typeof thrown.message === 'string' ? thrown.message : inspect(thrown);
  } catch {
    return 'something without a text was thrown';
  }
}

/**
 * The error again: same message, name, own properties, and the same class where it is a built-in one or the toolkit's. Its
 * `cause` is a `RemoteStack` with the stack of the other process, and the cause of that is the original cause.
 */
export function decodeError(wire: EncodedError): Error {
  const State = STATE_BY_NAME.get(wire.name);
  if (State !== undefined) return new State(wire.message);
  if (wire.name === 'NotCloneable') return new NotCloneable(wire.message, String(wire.properties.path));
  const cause = new RemoteStack(wire.message, wire.cause === null ? undefined : { cause: decodeError(wire.cause) });
  cause.stack = wire.stack;
  const error = create(wire, { cause });
  if (error.name !== wire.name) Object.defineProperty(error, 'name', { value: wire.name, configurable: true });
  return Object.assign(error, wire.properties);
}

function create({ name, message, properties, errors, isDom }: EncodedError, options: ErrorOptions): Error {
  if (name === 'WorkerLost') return new WorkerLost(properties as unknown as Loss, options);
  if (errors !== null) return new AggregateError(errors.map(decodeError), message, options);
  if (!isDom) return new (BUILT_IN.get(name) ?? Error)(message, options);
  // Its constructor takes a cause only in newer versions of Node.
  return Object.defineProperty(new DOMException(message, name), 'cause', { value: options.cause, configurable: true });
}
