/**
 * A file name or path exactly as the kernel gave it, one character per byte (latin1), so that names that are not
 * valid UTF-8 travel through strings, patterns and messages unchanged.
 */
export type RawPath = string;

/** The bytes as the kernel wants them. */
export function toBytes(raw: RawPath): Buffer {
  return Buffer.from(raw, 'latin1');
}

/** The bytes of a path that a person typed or a program passed as an ordinary string. */
export function fromText(text: string): RawPath {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The ordinary string for the name: bytes that are not UTF-8 become U+FFFD. Not for a terminal: see `printable`. */
export function toText(raw: RawPath): string {
  return isAscii(raw) ? raw : Buffer.from(raw, 'latin1').toString('utf8');
}

/** Whether `toText` loses nothing. */
export function isUtf8(raw: RawPath): boolean {
  return isAscii(raw) || fromText(toText(raw)) === raw;
}

export function isAscii(raw: RawPath): boolean {
  for (let i = 0; i < raw.length; i++) if (raw.charCodeAt(i) > 0x7f) return false;
  return true;
}

const UNSAFE = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x1b': '\\e' };

/**
 * The name as it may be written to a terminal or a log: one line, control characters and text-direction overrides
 * escaped, a backslash doubled only where escapes occur, bytes that are not UTF-8 as `\xNN`.
 */
export function printable(raw: RawPath): string {
  if (isUtf8(raw)) return escapeControls(toText(raw));
  return escapeControls(raw.replace(/[\x80-\xff]/g, '\ufffd')).replace(
    /\ufffd/g,
    (
      (high) => () =>
        `\\x${high.next().value}`
    )(highBytes(raw)),
  );
}

/** The same for text that is not a name (a message, an argument). */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (c) => SHORT[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function* highBytes(raw: RawPath): Generator<string, string> {
  for (const c of raw) if (c > '\x7f') yield c.charCodeAt(0).toString(16);
  return '';
}

/** Undoes `join`: `a/b/c` is `c` in `a/b`, `c` is in `` (the top). */
export function splitPath(path: RawPath): [dir: RawPath, name: RawPath] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

/** The directory that a relative path lies in; `` for the top, and for itself. */
export function parentOf(path: RawPath): RawPath {
  return splitPath(path)[0];
}

/** Joins with one `/`; an empty side vanishes. */
export function join(dir: RawPath, name: RawPath): RawPath {
  if (dir === '') return name;
  if (name === '') return dir;
  return dir.endsWith('/') ? dir + name : `${dir}/${name}`;
}

/**
 * A name of the source that the destination calls otherwise (the library's `rename`): both, with a NUL between them, which no
 * name holds. Within a run a path may have such names; who opens something takes the half of its own side.
 */
export function bothNames(name: RawPath, as: RawPath): RawPath {
  return name === as ? name : `${name}\0${as}`;
}

export function sourcePath(path: RawPath): RawPath {
  return path.includes('\0') ? path.replace(/\0[^/]*/g, '') : path;
}

export function destinationPath(path: RawPath): RawPath {
  return path.includes('\0') ? path.replace(/[^/]*\0/g, '') : path;
}
