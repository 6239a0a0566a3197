/**
 * Whether the arguments look like a copy, judged before the parser is loaded, to start a worker early. A wrong yes costs one
 * process, a wrong no some milliseconds.
 */
export function looksLikeCopy(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const before = end < 0 ? args : args.slice(0, end);
  if (before.some((arg) => /^(-h|--help|-V|--version|--dry-run)$/.test(arg))) return false;
  return args.length >= 2 && args[0] !== 'completion';
}
