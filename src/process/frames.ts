// How messages lie in the byte stream between two processes: the length of what follows, a kind, and then either the message as
// JSON or structured clone writes it, or one of the two that make up the traffic of a queue, which nobody on the way has to decode.
import { DefaultSerializer, deserialize, serialize } from 'node:v8';
import { type Descriptor, type Message, NOTICES, type Notice, type PackedParcel, type Route } from './protocol.ts';
import { smallJson } from './value-codec.ts';

const PREFIX_BYTES = 5;
const EMPTY_PREFIX = Buffer.alloc(PREFIX_BYTES);
const CLONED_MESSAGE = 0;
const JSON_MESSAGE = 1;
const ITEMS = 2;
const NOTICE = 3;
const NONE: readonly Descriptor[] = [];

/** The frame. Throws what structured clone throws, RangeError for a message of 4 GiB. */
export function encodeFrame(message: Message): Buffer {
  if (message.type === 'items') return encodeItems(message, message.seq, message.items);
  if (message.type === 'notice') return encodeNotice(message);
  const json = smallJson(message);
  if (json !== undefined) {
    const frame = Buffer.allocUnsafe(PREFIX_BYTES + Buffer.byteLength(json));
    frame.write(json, PREFIX_BYTES);
    return seal(frame, JSON_MESSAGE);
  }
  const serializer = new DefaultSerializer();
  serializer.writeRawBytes(EMPTY_PREFIX);
  serializer.writeHeader();
  serializer.writeValue(message);
  return seal(serializer.releaseBuffer(), CLONED_MESSAGE);
}

function seal(frame: Buffer, kind: number): Buffer {
  frame.writeUInt32LE(frame.length - PREFIX_BYTES, 0);
  frame[PREFIX_BYTES - 1] = kind;
  return frame;
}

function decodeFrame(kind: number | undefined, body: Buffer): Message {
  switch (kind) {
    case ITEMS:
      return decodeItems(body);
    case NOTICE:
      return decodeNotice(body);
    case JSON_MESSAGE:
      return JSON.parse(body.toString()) as Message;
    default:
      return deserialize(body) as Message;
  }
}

// Notices: which, the number in it, the route.

const NOTICE_HEAD_BYTES = 5;

function encodeNotice(notice: Notice): Buffer {
  const way = routeBytes(notice);
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + NOTICE_HEAD_BYTES + way.length);
  frame[PREFIX_BYTES] = NOTICES.indexOf(notice.what);
  frame.writeUInt32LE(notice.count, PREFIX_BYTES + 1);
  frame.set(way, PREFIX_BYTES + NOTICE_HEAD_BYTES);
  return seal(frame, NOTICE);
}

function decodeNotice(body: Buffer): Notice {
  const { to, from, object } = routeOf(body, NOTICE_HEAD_BYTES, body.length);
  const what = NOTICES[body[0] ?? 0] ?? 'taken';
  return { type: 'notice', what, count: body.readUInt32LE(1), to, from, object };
}

// Items: the sequence number, the length of the route, the route; then for each item the length of its value and of its list of
// handles, and both.

const ITEMS_HEAD_BYTES = 6;
const ITEM_HEAD_BYTES = 8;

function encodeItems(route: Route, seq: number, items: readonly PackedParcel[]): Buffer {
  const way = routeBytes(route);
  const parts = items.map(({ value, handles }) => ({
    value,
    length: Buffer.byteLength(value),
    handles: handles.length === 0 ? null : serialize(handles),
  }));
  let at = PREFIX_BYTES + ITEMS_HEAD_BYTES + way.length;
  const size = parts.reduce((sum, part) => sum + ITEM_HEAD_BYTES + part.length + (part.handles?.length ?? 0), at);
  const frame = Buffer.allocUnsafe(size);
  frame.writeUInt32LE(seq, PREFIX_BYTES);
  frame.writeUInt16LE(way.length, PREFIX_BYTES + 4);
  frame.set(way, PREFIX_BYTES + ITEMS_HEAD_BYTES);
  for (const { value, length, handles } of parts) {
    frame.writeUInt32LE(length, at);
    frame.writeUInt32LE(handles?.length ?? 0, at + 4);
    at += ITEM_HEAD_BYTES;
    if (typeof value === 'string') frame.write(value, at);
    else frame.set(value, at);
    at += length;
    if (handles !== null) frame.set(handles, at);
    at += handles?.length ?? 0;
  }
  return seal(frame, ITEMS);
}

function decodeItems(body: Buffer): Message {
  const seq = body.readUInt32LE(0);
  let at = ITEMS_HEAD_BYTES + body.readUInt16LE(4);
  const { to, from, object } = routeOf(body, ITEMS_HEAD_BYTES, at);
  const items: PackedParcel[] = [];
  while (at < body.length) {
    const middle = at + ITEM_HEAD_BYTES + body.readUInt32LE(at);
    const end = middle + body.readUInt32LE(at + 4);
    const handles = middle === end ? NONE : (deserialize(body.subarray(middle, end)) as Descriptor[]);
    items.push({ value: body.subarray(at + ITEM_HEAD_BYTES, middle), packed: true, handles });
    at = end;
  }
  return { type: 'items', to, from, object, seq, items };
}

// Most messages go the way of the one before: neither side puts it together again.

let lastWritten: { route: Route; bytes: Buffer } | null = null;
let lastRead: { text: string; route: Route } | null = null;

function routeBytes({ to, from, object }: Route): Buffer {
  const last = lastWritten?.route;
  if (lastWritten !== null && last?.object === object && last.to === to && last.from === from) return lastWritten.bytes;
  lastWritten = { route: { to, from, object }, bytes: Buffer.from(`${to} ${from} ${object}`, 'latin1') };
  return lastWritten.bytes;
}

function routeOf(body: Buffer, start: number, end: number): Route {
  const text = body.toString('latin1', start, end);
  if (lastRead !== null && lastRead.text === text) return lastRead.route;
  const [to = '', from = '', object = ''] = text.split(' ');
  lastRead = { text, route: { to, from, object } };
  return lastRead.route;
}

/** Cuts a stream of bytes, as it arrives, into messages. */
export class FrameReader {
  readonly #onMessage: (message: Message) => void;
  /** The beginning of a frame whose end has not arrived. */
  #parts: Buffer[] = [];
  #arrived = 0;
  /** Bytes to wait for before looking again: joining the parts of a long frame at each arrival would be quadratic. */
  #wanted = 0;

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#arrived += chunk.length;
    if (this.#arrived < this.#wanted) return;
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    let start = 0;
    this.#wanted = PREFIX_BYTES;
    while (bytes.length - start >= PREFIX_BYTES) {
      const body = start + PREFIX_BYTES;
      const end = body + bytes.readUInt32LE(start);
      if (end > bytes.length) {
        this.#wanted = end - start;
        break;
      }
      this.#onMessage(decodeFrame(bytes[body - 1], bytes.subarray(body, end)));
      start = end;
    }
    this.#parts = start < bytes.length ? [bytes.subarray(start)] : [];
    this.#arrived = bytes.length - start;
  }
}
