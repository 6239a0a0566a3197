// How values are written. Small plain ones, most of what is sent, as JSON: structured clone costs several times as much for them, half
// of that in the garbage collector, since V8's serializers live outside of its heap. All others as structured clone writes them.

import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';

/** A serialized value: JSON as a string or in UTF-8, in which there may be a list of strings, or the bytes of structured clone. Empty: undefined. */
export type Packed = string | Buffer;

/** The first byte that structured clone writes, and UTF-8 never has. */
const STRUCTURED = 0xff;
/** The first character of a text with a list, and of no JSON. */
const WITH_LIST = 'L';
/** Elements of a list of strings that is not written as JSON, and characters in each: a byte. */
const LEAST_LISTED = 32;
const MOST_LISTED = 4096;
const LISTED_CHARACTERS = 255;
/** Elements and properties in a value, and characters in one of its strings, up to which JSON is quicker. */
const MOST_PARTS = 64;
const MOST_CHARACTERS = 1000;

/** Throws what structured clone throws. */
export function encodeValue(value: unknown): Packed {
  if (value === undefined) return '';
  if (typeof value !== 'object' || value === null) return primitive(value) ?? serialize(value);
  const writer = new JsonWriter(true);
  const json = writer.write(value);
  if (json === undefined) return serialize(value);
  return writer.list === null ? json : encodeWithList(json, writer.list);
}

export function decodeValue(packed: Packed): unknown {
  if (packed.length === 0) return undefined;
  if (packed[0] === STRUCTURED) return deserialize(packed as Buffer);
  const text = packed.toString();
  return text[0] === WITH_LIST ? decodeWithList(text) : JSON.parse(text);
}

/** A list of strings within a value, in whose JSON a 0 stands for it. */
interface List {
  /** The way to it, '' and then key after key. */
  path: string[];
  lengths: Buffer;
  text: string;
}

// A line: the marker, and as JSON the value, the way to the list, and how many strings there are; then a character for the length of each
// string, and all of them. Cutting one text costs half of what it takes JSON or structured clone to make each string.

function encodeWithList(json: string, { path, lengths, text }: List): Buffer {
  const head = `[[${json}],${JSON.stringify(path)},${lengths.length}]`;
  // Not as a string: a thousand of them in a queue, in V8's heap, take twice the time.
  return Buffer.from(`${WITH_LIST}${head}\n${lengths.toString('latin1')}${text}`);
}

function decodeWithList(packed: string): unknown {
  const headEnd = packed.indexOf('\n');
  const [root, path, count] = JSON.parse(packed.slice(1, headEnd)) as [unknown[], string[], number];
  const list: string[] = [];
  const textStart = headEnd + 1 + count;
  let start = textStart;
  for (let index = headEnd + 1; index < textStart; index++) {
    const end = start + packed.charCodeAt(index);
    list.push(packed.substring(start, end));
    start = end;
  }
  const last = path.pop() ?? '';
  let holder = root as unknown as Record<string, unknown>;
  for (const key of path) holder = holder[key] as Record<string, unknown>;
  holder[last] = list;
  return root[0];
}

/** In Node 20, but not in TypeScript's ES2023. */
const { isWellFormed } = String.prototype as unknown as { isWellFormed(this: string): boolean };

/** Null for anything but an array of many short strings, without holes or properties beside them. */
function asList(array: readonly unknown[]): Omit<List, 'path'> | null {
  if (array.length < LEAST_LISTED || array.length > MOST_LISTED) return null;
  const lengths = Buffer.allocUnsafe(array.length);
  let text = '';
  for (let index = 0; index < array.length; index++) {
    const part = array[index];
    if (typeof part !== 'string' || part.length > LISTED_CHARACTERS) return null;
    lengths[index] = part.length;
    text += part;
  }
  if (Object.keys(array).length !== array.length) return null;
  // Half of a surrogate pair does not survive UTF-8.
  return isWellFormed.call(text) ? { lengths, text } : null;
}

/** Undefined where structured clone has to write it. */
export function smallJson(value: object): string | undefined {
  return new JsonWriter(false).write(value);
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
  readonly #mayList: boolean;
  /** A list that is not in the JSON. */
  list: List | null = null;
  readonly #path = ['0'];

  constructor(mayList: boolean) {
    this.#mayList = mayList;
  }

  write(object: object): string | undefined {
    if (types.isProxy(object) || this.#seen.includes(object)) return undefined;
    this.#seen.push(object);
    const isArray = Array.isArray(object);
    if (isArray && this.#setAside(object)) return '0';
    if (isArray ? object.length > this.#left : Object.getPrototypeOf(object) !== Object.prototype) return undefined;
    const keys = Object.keys(object);
    this.#left -= keys.length;
    // An array may have holes, or properties beside its elements.
    if (this.#left < 0 || (isArray && keys.length !== object.length)) return undefined;
    let text = '';
    for (const key of keys) {
      const part: unknown = (object as Record<string, unknown>)[key];
      const json = typeof part === 'object' && part !== null ? this.#writePart(key, part) : primitive(part);
      if (json === undefined) return undefined;
      const comma = text === '' ? '' : ',';
      text += isArray ? comma + json : `${comma}${JSON.stringify(key)}:${json}`;
    }
    return isArray ? `[${text}]` : `{${text}}`;
  }

  #writePart(key: string, part: object): string | undefined {
    this.#path.push(key);
    const json = this.write(part);
    this.#path.pop();
    return json;
  }

  #setAside(array: readonly unknown[]): boolean {
    const list = this.#mayList && this.list === null ? asList(array) : null;
    if (list === null) return false;
    this.list = { path: [...this.#path], ...list };
    return true;
  }
}
