import { fromText, isAscii, isUtf8, type RawPath, toText } from '../api/names.ts';

// A pattern is text, so names are matched as text: `?` is a character, not a byte of one. What text cannot hold, the line
// ends that a `.` in the patterns' regular expressions does not match, and a backslash, which picomatch loses before most
// characters, stand as a low surrogate without its high one: those come from nothing else, so every name has its own form
// and finds its way back.
const STAND_IN = 0xdc00;
const STOOD_FOR = /[\\\n\r\u2028\u2029]/g;
const NEEDS_CARE = /[^\x20-\x5b\x5d-\x7e]/;
const LONE = /(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** A name, or a path, as patterns see it. */
export function toGlob(raw: RawPath): string {
  if (!NEEDS_CARE.test(raw)) return raw;
  // Name by name: one that is not UTF-8 must not change how its neighbours look.
  return raw.includes('/') ? raw.split('/').map(nameToGlob).join('/') : nameToGlob(raw);
}

/** The bytes again. */
export function fromGlob(path: string): RawPath {
  if (!NEEDS_CARE.test(path)) return path;
  return path.includes('/') ? path.split('/').map(nameFromGlob).join('/') : nameFromGlob(path);
}

/** A pattern as it was typed, for names in this form. In it a backslash is two. */
export function patternToGlob(pattern: string): string {
  return pattern.replace(/\\\\|[\n\r\u2028\u2029]/g, (part) => standIn(part.slice(-1)));
}

function nameToGlob(raw: RawPath): string {
  if (isUtf8(raw)) return withStandIns(toText(raw));
  return raw.replace(/[\\\n\r\x80-\xff]/g, standIn);
}

function nameFromGlob(name: string): RawPath {
  if (isAscii(name)) return name;
  if (!LONE.test(name)) return fromText(name);
  // A name that is not UTF-8 has no character beyond ASCII but stand-ins.
  let raw = '';
  for (const c of name) {
    const code = c.codePointAt(0) as number;
    if (code < STAND_IN || code > 0xdfff) raw += fromText(c);
    else
      raw += code === 0xdc28 || code === 0xdc29 ? fromText(String.fromCharCode(code - 0xdc28 + 0x2028)) : byteOf(code);
  }
  return raw;
}

function byteOf(code: number): string {
  return String.fromCharCode(code - STAND_IN);
}

function withStandIns(text: string): string {
  return text.replace(STOOD_FOR, standIn);
}

function standIn(c: string): string {
  return String.fromCharCode(STAND_IN + (c.charCodeAt(0) & 0xff));
}
