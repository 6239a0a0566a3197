/**
 * A lease is a file of three numbers of 64 bits: until when work may go on, in milliseconds on the monotonic clock and since 1970,
 * and whether it is to end with the entry in hand.
 */
export const LEASE_FIELDS = 3;
