import { fromText, isAscii, isUtf8, type RawPath, toText } from '../api/names.ts';

// A pattern is text, so names are matched as text: `?` matches a character, not a byte of one. Three things are replaced by a lone low
// surrogate: bytes that are not UTF-8, line ends, which `.` in the patterns' regular expressions does not match, and backslashes, which
// picomatch drops before most characters. Nothing else produces lone surrogates, so the form of a name is unique and reversible.
const STAND_IN = 0xdc00;
const STOOD_FOR = /[\\\n\r\u2028\u2029]/g;
const NEEDS_CARE = /[^\x20-\x5b\x5d-\x7e]/;
const LONE = /(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** The form of a name or path that patterns are matched with. */
export function toGlob(raw: RawPath): string {
  if (!NEEDS_CARE.test(raw)) return raw;
  // Name by name: one that is not UTF-8 must not change the form of the others.
  return raw.includes('/') ? raw.split('/').map(nameToGlob).join('/') : nameToGlob(raw);
}

/** The inverse of `toGlob`. */
export function fromGlob(path: string): RawPath {
  if (!NEEDS_CARE.test(path)) return path;
  return path.includes('/') ? path.split('/').map(nameFromGlob).join('/') : nameFromGlob(path);
}

/** The form of a pattern for matching such names. A backslash in the name is two in the pattern. */
export function patternToGlob(pattern: string): string {
  return pattern.replace(/\\\\|[\n\r\u2028\u2029]/g, (part) => standIn(part.slice(-1)));
}

function nameToGlob(raw: RawPath): string {
  if (isUtf8(raw)) return toText(raw).replace(STOOD_FOR, standIn);
  return raw.replace(/[\\\n\r\x80-\xff]/g, standIn);
}

function nameFromGlob(name: string): RawPath {
  if (isAscii(name)) return name;
  if (!LONE.test(name)) return fromText(name);
  // In a name that is not UTF-8 the only characters beyond ASCII are stand-ins.
  let raw = '';
  for (const c of name) {
    const code = c.codePointAt(0) as number;
    if (code < STAND_IN || code > 0xdfff) raw += fromText(c);
    else if (code === 0xdc28 || code === 0xdc29) raw += fromText(String.fromCharCode(code - 0xdc28 + 0x2028));
    else raw += String.fromCharCode(code - STAND_IN);
  }
  return raw;
}

function standIn(c: string): string {
  return String.fromCharCode(STAND_IN + (c.charCodeAt(0) & 0xff));
}
