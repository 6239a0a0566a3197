import { tool } from './command.js';

/** A copy that differs from its source. */
export class Differs extends Error {}

/**
 * Throws a Differs unless `copy` equals `source`. Trees are compared with bytes, modes, links and times (owners are kept
 * only when asked for) by `rsync -rlptnci --delete`; where there is no rsync, and for big files, bytes alone by `diff -r`.
 */
export async function checkCopy(source, copy, { bytesOnly = false, signal }) {
  const difference = bytesOnly ? await byDiff(source, copy, signal) : await byRsync(source, copy, signal);
  if (difference) throw new Differs(`${copy} differs from its source: ${difference}`);
}

async function byRsync(source, copy, signal) {
  try {
    return firstLines(await tool(['rsync', '-rlptnci', '--delete', `${source}/`, `${copy}/`], { signal }));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return byDiff(source, copy, signal);
  }
}

async function byDiff(source, copy, signal) {
  return firstLines(await tool(['diff', '-rq', '--no-dereference', source, copy], { signal, accept: [0, 1] }));
}

function firstLines(text) {
  return text.trim().split('\n').slice(0, 3).join(' | ');
}
