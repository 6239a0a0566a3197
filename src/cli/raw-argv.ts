import { readFileSync } from 'node:fs';
import { fromText, type RawPath, toText } from '../api/names.ts';

/**
 * The arguments as bytes. Node decodes them as UTF-8 with losses; Linux still has them in /proc. Elsewhere, and when the two
 * differ (the process title was overwritten), Node's are used.
 *
 * @param argv as in `process.argv`: the first two are the program
 */
export function rawArguments(argv: readonly string[], readCommandLine = readProc): RawPath[] {
  const args = argv.slice(2);
  if (args.some((arg) => arg.includes('\ufffd'))) {
    const exact = readCommandLine()?.split('\0').slice(0, -1).slice(-args.length);
    if (exact?.length === args.length && exact.every((raw, i) => toText(raw) === args[i])) return exact;
  }
  return args.map(fromText);
}

function readProc(): RawPath | undefined {
  try {
    return readFileSync('/proc/self/cmdline', 'latin1');
  } catch {
    return undefined;
  }
}
