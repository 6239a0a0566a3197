/**
 * Whether the arguments look like a copy, judged before the parser is loaded, to start a worker early. A wrong yes costs one
 * process, a wrong no some milliseconds.
 */
export function looksLikeCopy(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const before = end < 0 ? args : args.slice(0, end);
  if (before.some((arg) => /^(-h|--help|-V|--version|--dry-run)$/.test(arg))) return false;
  // With -j 0 all workers are those of other machines.
  if (
    before.some((arg, at) => /^(-j|--jobs=)0$/.test(arg) || (arg === '0' && /^(-j|--jobs)$/.test(before[at - 1] ?? '')))
  )
    return false;
  return args.length >= 2 && args[0] !== 'completion';
}

/** `worker` is a command only before the address of a broker: else it is a path like any other. */
export function isWorkerCommand(args: readonly string[]): boolean {
  return args[0] === 'worker' && /^(rediss?|unix):\/\//.test(args[1] ?? '');
}
