import { constants } from 'node:os';
import { call } from './c-library.ts';

const PR_SET_PDEATHSIG = 1;

/**
 * Makes the kernel kill this process when its parent ends for any reason (PR_SET_PDEATHSIG). Throws where that is not supported,
 * or with `PCOPY_DRIVER=node`.
 */
export function killWithParent(): void {
  if (process.env.PCOPY_DRIVER === 'node') throw new Error('nothing native is wanted');
  const prctl = call<[option: number, signal: number]>('int prctl(int, uint64)');
  if (prctl(PR_SET_PDEATHSIG, constants.signals.SIGKILL) !== 0) throw new Error('prctl refused');
}
