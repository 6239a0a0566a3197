// How values are written. Small plain ones, most of what is sent, as JSON: structured clone costs several times as much for them, half
// of that in the garbage collector, since V8's serializers live outside of its heap. All others as structured clone writes them.

import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';

/** A serialized value: JSON as text or in UTF-8, or the bytes of structured clone. Empty: undefined. */
export type Packed = string | Buffer;

/** The first byte that structured clone writes, and UTF-8 never has. */
const STRUCTURED = 0xff;
/** Elements and properties in a value, and characters in one of its strings, up to which JSON is quicker. */
const MOST_PARTS = 64;
const MOST_CHARACTERS = 1000;

/** Throws what structured clone throws. */
export function encodeValue(value: unknown): Packed {
  return value === undefined ? '' : (smallJson(value) ?? serialize(value));
}

export function decodeValue(packed: Packed): unknown {
  if (packed.length === 0) return undefined;
  if (typeof packed === 'string') return JSON.parse(packed);
  if (packed[0] === STRUCTURED) return deserialize(packed);
  return JSON.parse(packed.toString());
}

/** The value as JSON; undefined when it is big, or would arrive as something else than structured clone makes of it. */
function smallJson(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? new JsonWriter().write(value) : primitive(value);
}

/** A message: as `smallJson`, but a property that is undefined is left out. */
export function smallJsonMessage(message: object): string | undefined {
  return new JsonWriter(true).write(message);
}

function primitive(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : undefined;
    case 'string':
      return value.length > MOST_CHARACTERS ? undefined : JSON.stringify(value);
    case 'boolean':
      return String(value);
    default:
      return value === null ? 'null' : undefined;
  }
}

/** Reads each property once: it may be a getter. */
class JsonWriter {
  /** An object met twice arrives as one. */
  readonly #seen: object[] = [];
  #left = MOST_PARTS;
  #omit: boolean;

  constructor(omit = false) {
    this.#omit = omit;
  }

  write(object: object): string | undefined {
    const omit = this.#omit;
    this.#omit = false;
    if (types.isProxy(object) || this.#seen.includes(object)) return undefined;
    this.#seen.push(object);
    const isArray = Array.isArray(object);
    if (isArray ? object.length > this.#left : Object.getPrototypeOf(object) !== Object.prototype) return undefined;
    const keys = Object.keys(object);
    this.#left -= keys.length;
    // An array may have holes, or properties beside its elements.
    if (this.#left < 0 || (isArray && keys.length !== object.length)) return undefined;
    let text = '';
    for (const key of keys) {
      const part: unknown = (object as Record<string, unknown>)[key];
      if (omit && part === undefined) continue;
      const json = typeof part === 'object' && part !== null ? this.write(part) : primitive(part);
      if (json === undefined) return undefined;
      const comma = text === '' ? '' : ',';
      text += isArray ? comma + json : `${comma}${JSON.stringify(key)}:${json}`;
    }
    return isArray ? `[${text}]` : `{${text}}`;
  }
}
