/**
 * A lease is a file of four numbers of 64 bits: until when work may go on, in milliseconds on the monotonic clock and since 1970,
 * whether it is to end after the current entry, and the bytes per second that the workers of this machine may use (with a rate).
 */
export const LEASE_FIELDS = 4;

/** The exit code of a worker that has ended because its lease is over: the current entry is not to blame. */
export const LEASE_OVER_EXIT_CODE = 75;
