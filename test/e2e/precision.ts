import type { Driver } from '../support/run.ts';

/** How exactly a driver can set times: node:fs takes them as seconds in floating point, and cuts to microseconds. */
export function timesOf(driver: Driver): 'ns' | 'us' {
  return driver === 'libc' ? 'ns' : 'us';
}
