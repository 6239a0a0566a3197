/**
 * A file name or path exactly as the kernel gave it, one character per byte (latin1), so that names that are not
 * valid UTF-8 pass through strings, patterns and messages unchanged.
 */
export type RawPath = string;

/** @internal The bytes as the kernel wants them. */
export function toBytes(raw: RawPath): Buffer {
  return Buffer.from(raw, 'latin1');
}

/** The bytes of a path that came as an ordinary string. */
export function fromText(text: string): RawPath {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The ordinary string for the name: bytes that are not UTF-8 become U+FFFD. Not for a terminal: see `printable`. */
export function toText(raw: RawPath): string {
  return isAscii(raw) ? raw : Buffer.from(raw, 'latin1').toString('utf8');
}

/** Whether `toText` is lossless. */
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
 * The name in a form that is safe for a terminal or a log: one line, control characters and text-direction overrides
 * escaped; of a name that is not UTF-8, every byte beyond ASCII as `\xNN`.
 */
export function printable(raw: RawPath): string {
  return isUtf8(raw) ? escapeControls(toText(raw)) : raw.replace(/[^\x20-\x7e]/g, escaped);
}

/** The same for text that is not a name (a message, an argument). */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, escaped);
}

function escaped(c: string): string {
  return SHORT[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** The inverse of `join`: `a/b/c` is `c` in `a/b`, `c` is in '' (the top). */
export function splitPath(path: RawPath): [dir: RawPath, name: RawPath] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

/** The parent of a relative path; '' for an entry of the top, and for the top itself. */
export function parentOf(path: RawPath): RawPath {
  return splitPath(path)[0];
}

/** Whether the path is the directory or lies in it; both are relative to one directory, which '' is. */
export function isIn(path: RawPath, dir: RawPath): boolean {
  return dir === '' || path === dir || (path.startsWith(dir) && path[dir.length] === '/');
}

/** Joins with one `/`; an empty side is omitted. */
export function join(dir: RawPath, name: RawPath): RawPath {
  if (dir === '') return name;
  if (name === '') return dir;
  return dir.endsWith('/') ? dir + name : `${dir}/${name}`;
}

/**
 * The source's and the destination's name of an entry that `rename` renames, with a NUL between them, which no name holds.
 * Paths may contain such names within a run; each side takes its half when it opens something.
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
