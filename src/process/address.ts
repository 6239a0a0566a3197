import type { Address } from './protocol.ts';

/** The first process of the tree: nobody of ours started it. */
export const ROOT: Address = 'r';

/** Whether `address` is `top` or below it. */
export function isWithin(address: Address, top: Address): boolean {
  return address.startsWith(top) && (address.length === top.length || address[top.length] === '.');
}

/** The child of `here` on the way to `target`, which lies below `here`. */
export function stepTowards(target: Address, here: Address): Address {
  const end = target.indexOf('.', here.length + 1);
  return end < 0 ? target : target.slice(0, end);
}
