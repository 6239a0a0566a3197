/** Numbers for people. Sizes are binary (1 KiB = 1024 bytes), like option values. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** `1.2 GiB`, `512 MiB`, `17 B`. */
export function bytes(n: number): string {
  const power = powerOf(n);
  return `${scaled(n, power)} ${UNITS[power]}`;
}

/** Two sizes in the unit of the larger, for `done/total`: `0.3/3.4 GiB`, with a `+` when the total still grows. */
export function bytesPair(done: number, total: number, growing: boolean): string {
  const power = powerOf(Math.max(done, total));
  return `${scaled(done, power)}/${scaled(total, power)}${growing ? '+' : ''} ${UNITS[power]}`;
}

export function rate(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`;
}

/** `12,345`: the same in every locale, so that logs can be compared. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `2 files`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A running clock: `0:07`, `12:34`, `1:02:03`, `2d 03:04`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const two = (n: number) => String(n).padStart(2, '0');
  if (hours >= 24) return `${Math.floor(hours / 24)}d ${two(hours % 24)}:${two(minutes % 60)}`;
  if (hours > 0) return `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}

/** How long something took: `0.42 s`, `12.3 s`, then as a clock. */
export function duration(ms: number): string {
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return clock(ms);
}

/** Whole percent of a fraction, rounded down: only a completed run is at 100 %. */
export function percent(fraction: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100)}%`;
}

function powerOf(n: number): number {
  let power = 0;
  // 999.5 would print as 1000, one digit more than the columns are made for.
  while (n >= 999.5 && power < UNITS.length - 1) {
    n /= 1024;
    power++;
  }
  return power;
}

function scaled(n: number, power: number): string {
  const value = n / 1024 ** power;
  return power === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1);
}
