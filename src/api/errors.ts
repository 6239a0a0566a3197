/** What a failed entry looks like as plain data: it crosses processes and stands in events. */
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
  /** It stands for everything below the path too. */
  subtree?: boolean;
}

/** An entry of the destination could not be removed: copying does not help it. */
export function isRemoval({ action, side }: Failure): boolean {
  return action === 'delete' && side === 'destination';
}

/**
 * What is to be copied to make up for these failures, each once; '' is the whole source. The top directory by itself is
 * finished by every run, and what has no entry (the manifest, a pattern that matches nothing) bears the same path.
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

/** An option has a value that cannot be used (exit code 2), or means nothing for this source. Nothing was touched. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly code = 'EUSAGE';
}
