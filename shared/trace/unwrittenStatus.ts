/**
 * Status that the emulated host stack leaves in a block before it passes the tree on: no code has this value, so that a
 * completion which forgot to write a Status is seen at once (TRE-043).
 */
export const unwrittenStatus = 0xbad0_beef;
