import { LateRow } from '../fs/late-row.ts';

/** Milliseconds that fast storage needs at most for a directory, on a busy machine too, and those added for each entry. */
const AT_ONCE = 0.5;
const AT_ONCE_PER_ENTRY = 0.005;
/** A single slow call may have been unlucky. */
const LATE_IN_A_ROW = 3;

/**
 * Detects slow storage from the duration of blocking calls. The result is final: once late, no blocking call is made that could show
 * otherwise.
 */
export class Latency {
  isLate: boolean;
  private readonly row: LateRow;

  /**
   * @param isLate true for storage that may stop answering: no blocking call is ever made there
   * @param clock milliseconds of this thread on a processor or waiting for one
   */
  constructor(isLate = false, clock?: () => number) {
    this.isLate = isLate;
    this.row = new LateRow(LATE_IN_A_ROW, clock);
  }

  /** @param ms duration of opening and listing a directory, or of looking up one entry */
  observe(ms: number, entries: number): void {
    if (this.row.observe(ms, ms > AT_ONCE + entries * AT_ONCE_PER_ENTRY)) this.isLate = true;
  }
}
