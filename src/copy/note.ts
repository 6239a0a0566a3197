/** What a worker notes while it has no entry in hand; else it notes the entry's index in its job. */
export const NOTHING_IN_HAND = 0xffffffff;
