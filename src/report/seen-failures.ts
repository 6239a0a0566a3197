import type { Failure } from '../api/errors.ts';
import { parentOf, type RawPath } from '../api/names.ts';

/** Number of failures remembered, so that none is reported twice. */
const SEEN_FAILURES_MAX = 10_000;

/** Reported failures: a job that is repeated after its worker's death fails for the same entries again. */
export class SeenFailures {
  private readonly texts = new Set<string>();
  private readonly subtrees = new Set<RawPath>();

  /** @returns whether the failure was added before */
  add({ path, code, message, subtree }: Failure): boolean {
    const text = `${path}\0${code}\0${message}`;
    if (this.texts.has(text)) return true;
    if (this.texts.size < SEEN_FAILURES_MAX) this.texts.add(text);
    // A directory that cannot be entered fails for each batch of its entries.
    if (subtree !== true) return false;
    for (let at = path; ; at = parentOf(at)) {
      if (this.subtrees.has(at)) return true;
      if (at === '') break;
    }
    this.subtrees.add(path);
    return false;
  }
}
