import type { Totals } from '../api/events.ts';
import { count, plural } from './format.ts';

/** `50,000 files, 1,000 directories, 12 links`: kinds with entries, and always files. */
export function entriesInWords(totals: Totals): string {
  const parts = [plural(totals.files, 'file')];
  if (totals.directories > 0) parts.push(plural(totals.directories, 'directory', 'directories'));
  if (totals.symlinks > 0) parts.push(plural(totals.symlinks, 'symbolic link'));
  if (totals.hardlinks > 0) parts.push(plural(totals.hardlinks, 'hard link'));
  if (totals.special > 0) parts.push(plural(totals.special, 'special file'));
  return parts.join(', ');
}

/**
 * Entries that were not copied: `2 failed, 12 unchanged, 3 skipped (2 FIFOs, 1 socket)`; '' when there are none. For a dry run:
 * `2 would fail, 12 unchanged, 3 would be skipped (2 FIFOs, 1 socket)`.
 */
export function restInWords(totals: Totals, skips: Record<string, number>, dryRun: boolean): string {
  const wouldBe = dryRun ? 'would be ' : '';
  const parts: string[] = [];
  if (totals.failed > 0) parts.push(`${count(totals.failed)} ${dryRun ? 'would fail' : 'failed'}`);
  if (totals.unchanged > 0) parts.push(`${count(totals.unchanged)} unchanged`);
  if (totals.skipped > 0) parts.push(`${count(totals.skipped)} ${wouldBe}skipped${inBrackets(skips)}`);
  if (totals.deleted > 0) parts.push(`${count(totals.deleted)} ${wouldBe}deleted`);
  return parts.join(', ');
}

// Kinds in singular and plural; others are printed as they are.
const WORDS: Record<string, [one: string, many: string]> = {
  acl: ['ACL', 'ACLs'],
  device: ['device', 'devices'],
  fifo: ['FIFO', 'FIFOs'],
  'hard link': ['hard link', 'hard links'],
  mode: ['mode', 'modes'],
  owner: ['owner', 'owners'],
  partial: ['resumable file (--partial)', 'resumable files (--partial)'],
  socket: ['socket', 'sockets'],
  xattr: ['extended attribute', 'extended attributes'],
};

/** `3 ACLs, 120 owners`, sorted by name, so that runs can be compared. */
export function kindsInWords(kinds: Record<string, number>): string {
  return Object.entries(kinds)
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, n]) => plural(n, ...(WORDS[kind] ?? [kind, kind])))
    .join(', ');
}

function inBrackets(kinds: Record<string, number>): string {
  const words = kindsInWords(kinds);
  return words === '' ? '' : ` (${words})`;
}
