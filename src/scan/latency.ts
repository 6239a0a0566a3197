/** Milliseconds that fast storage needs at most for a directory, on a busy machine too, and those added for each entry. */
const AT_ONCE = 0.5;
const AT_ONCE_PER_ENTRY = 0.005;
/** A single slow call may only mean that the machine was busy. */
const LATE_IN_A_ROW = 4;

/**
 * Detects slow storage from the duration of blocking calls. The result is final: once late, no blocking call is made that could show
 * otherwise.
 */
export class Latency {
  isLate: boolean;
  private inARow = 0;

  /** @param isLate true for storage that may stop answering: no blocking call is ever made there */
  constructor(isLate = false) {
    this.isLate = isLate;
  }

  /** @param ms duration of opening and listing a directory, or of looking up one entry */
  observe(ms: number, entries: number): void {
    this.inARow = ms > AT_ONCE + entries * AT_ONCE_PER_ENTRY ? this.inARow + 1 : 0;
    if (this.inARow >= LATE_IN_A_ROW) this.isLate = true;
  }
}
