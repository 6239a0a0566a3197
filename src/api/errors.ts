/** A failed entry as plain data, for messages between processes and for events. */
export interface Failure {
  /** Path of the entry, as bytes (one character per byte), relative to the source; '' is the top directory. */
  path: string;
  /** What was being done: `open`, `read`, `write`, `rename`, ... in words for a person. */
  action: string;
  /** The system's or our own code: `EACCES`, `ENOSPC`, `EPCOPY_CHANGED`, ... */
  code: string;
  /** The sentence behind the code, without path and code. */
  message: string;
  /** Which side of the copy the failure is on. Nothing is deleted at the destination after a failed `source`. */
  side: 'source' | 'destination';
  /** It covers everything below the path too. */
  subtree?: boolean;
}

/** Whether a removal at the destination failed; copying again would not help. */
export function isRemoval({ action, side }: Failure): boolean {
  return action === 'delete' && side === 'destination';
}

/**
 * The paths to copy again after these failures, each once; '' is the whole source. Failures without an entry (the manifest, a
 * pattern without a match) and of the top directory itself have the path '' too, and need no retry: every run finishes the top.
 */
export function pathsToRetry(failures: Iterable<Failure>): Set<string> {
  const paths = new Set<string>();
  for (const failure of failures) {
    const { path, code, subtree } = failure;
    const isEntry = path !== '' || subtree === true || code === 'EPCOPY_WORKER' || code === 'EPCOPY_INTERNAL';
    if (isEntry && !isRemoval(failure)) paths.add(path);
  }
  return paths;
}

/** An entry that could not be copied. `cause` is the original error where there was one in this process. */
export class CopyError extends Error {
  override name = 'CopyError';
  readonly failure: Failure;
  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.action}: ${failure.message} (${failure.code})`, options);
    this.failure = failure;
  }
  get code(): string {
    return this.failure.code;
  }
}

/** The run was refused before anything was written (exit code 3). */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly code: string;
  /** The path the refusal is about, as bytes. */
  readonly path: string;
  constructor(path: string, message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.code = code;
  }
}

/** An option has a value that cannot be used (exit code 2), or does not apply to this source. Nothing was changed. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly code = 'EUSAGE';
}
