/** A file name byte for byte, one character each (latin1): the only kind of string that can hold every name. */
export type Raw = string;

export function bytes(raw: Raw): Buffer {
  return Buffer.from(raw, 'latin1');
}

/** The name that this text is when it is written as UTF-8. */
export function utf8(text: string): Raw {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** `inside('/tmp/x', '')` is `/tmp/x` itself. */
export function inside(root: string, path: Raw): Buffer {
  return path === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), bytes(path)]);
}

export function parentOf(path: Raw): Raw {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
