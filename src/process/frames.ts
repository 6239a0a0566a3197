// How messages lie in the byte stream between two processes: the length of what follows, then the message as structured clone
// writes it.
import { DefaultSerializer, deserialize } from 'node:v8';
import type { Message } from './wire.ts';

const PREFIX_BYTES = 4;
const EMPTY_PREFIX = Buffer.alloc(PREFIX_BYTES);

/** Throws what structured clone throws, RangeError for a message of 4 GiB. */
export function encodeFrame(message: Message): Buffer {
  const serializer = new DefaultSerializer();
  serializer.writeRawBytes(EMPTY_PREFIX);
  serializer.writeHeader();
  serializer.writeValue(message);
  const frame = serializer.releaseBuffer();
  frame.writeUInt32LE(frame.length - PREFIX_BYTES, 0);
  return frame;
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
      const end = start + PREFIX_BYTES + bytes.readUInt32LE(start);
      if (end > bytes.length) {
        this.#wanted = end - start;
        break;
      }
      this.#onMessage(deserialize(bytes.subarray(start + PREFIX_BYTES, end)) as Message);
      start = end;
    }
    this.#parts = start < bytes.length ? [bytes.subarray(start)] : [];
    this.#arrived = bytes.length - start;
  }
}
