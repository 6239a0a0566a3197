/** Milliseconds that a directory may take on storage that answers at once, on a busy machine too; and more for each entry. */
const AT_ONCE = 0.5;
const AT_ONCE_PER_ENTRY = 0.005;
/** A few may be a machine that had other things to do. */
const LATE_IN_A_ROW = 4;

/** Learns from the calls that block whether storage answers late. Once it has, no call is made that would tell of a change. */
export class Latency {
  isLate: boolean;
  private inARow = 0;

  /** @param isLate it is not to be found out: what may stop answering is never waited for in a call that blocks */
  constructor(isLate = false) {
    this.isLate = isLate;
  }

  /** A directory was opened and listed in so many milliseconds; or one of its entries was looked up. */
  observe(ms: number, entries: number): void {
    this.inARow = ms > AT_ONCE + entries * AT_ONCE_PER_ENTRY ? this.inARow + 1 : 0;
    if (this.inARow >= LATE_IN_A_ROW) this.isLate = true;
  }
}
