import { describe, expect, test } from 'vitest';
import { palette } from '../../src/ui/colors.ts';
import { DisplayPaths } from '../../src/ui/display-paths.ts';
import { failuresAgain, summaryLines, summaryPrinter } from '../../src/ui/summary.ts';
import { failure, summary } from './fixture/summaries.ts';

const plain = palette(false);
const paths = new DisplayPaths('src', 'dest');
const totals = {
  files: 50_000,
  directories: 1,
  symlinks: 12,
  hardlinks: 1,
  special: 2,
  bytes: 2 ** 31,
  unchanged: 7,
  skipped: 3,
  failed: 2,
  deleted: 4,
};

describe('the lines', () => {
  test('of a plain run', () => {
    expect(summaryLines(summary(), paths, plain)).toEqual([
      'pcopy: copied 3 files, 1 directory; 3.0 KiB in 1.50 s, 2.0 KiB/s',
    ]);
  });

  test('of one with everything', () => {
    const all = summary({
      outcome: 'incomplete',
      totals,
      elapsedMs: 10_000,
      merged: true,
      skips: { socket: 1, fifo: 2 },
      notPreserved: { owner: 120, acl: 3, xattr: 0 },
      load: { workers: [0.8, 0.8], listingWaited: 0.4, stalled: 0 },
    });
    expect(summaryLines(all, paths, plain)).toEqual([
      'pcopy: incomplete: copied 50,000 files, 1 directory, 12 symbolic links, 1 hard link, 2 special files; 2.0 GiB in 10.0 s, 205 MiB/s',
      '  2 failed, 7 unchanged, 3 skipped (2 FIFOs, 1 socket), 4 deleted',
      '  not preserved: 3 ACLs, 120 owners',
      '  dest existed: merged into it',
      '  2 workers, 80% busy: -j 2 fits',
    ]);
  });

  test('of a shared run, without advice on -j, which is that of one machine', () => {
    const load = { workers: [0.8, 0.8], listingWaited: 0.4, stalled: 0 };
    const shared = summary({ elapsedMs: 10_000, load, machines: { 'here:1': 1, 'there:2': 2 } });
    expect(summaryLines(shared, paths, plain).slice(1)).toEqual([expect.stringMatching(/^ {2}entries by machine: /)]);
  });

  test('of a dry run', () => {
    expect(summaryLines(summary({ dryRun: true, merged: true, elapsedMs: 10_000 }), paths, plain)).toEqual([
      'pcopy: dry run: would copy 3 files, 1 directory; 3.0 KiB (checked in 10.0 s)',
      '  dest existed: would be merged into',
    ]);
  });

  test('of a dry run with everything', () => {
    const all = summary({ dryRun: true, outcome: 'incomplete', totals, skips: { socket: 1, fifo: 2 } });
    expect(summaryLines(all, paths, plain)).toEqual([
      expect.stringMatching(/^pcopy: dry run: incomplete: would copy 50,000 files, /),
      '  2 would fail, 7 unchanged, 3 would be skipped (2 FIFOs, 1 socket), 4 would be deleted',
    ]);
    expect(failuresAgain({ ...all, failures: [failure()] }, paths, plain, 1)[0]).toBe('pcopy: 1 entry would fail:');
  });

  test.each(['stopped', 'interrupted'] as const)('of one that was %s', (outcome) => {
    expect(summaryLines(summary({ outcome }), paths, plain)[0]).toMatch(`pcopy: ${outcome}: copied 3 files`);
  });

  test('of one that was refused', () => {
    expect(summaryLines(summary({ outcome: 'refused' }), paths, plain)).toEqual([
      'pcopy: refused: nothing was written',
    ]);
  });

  test('a run of no time has no rate', () => {
    expect(summaryLines(summary({ elapsedMs: 0 }), paths, plain)[0]).toMatch(/in 0\.00 s$/);
  });
});

describe('advice', () => {
  const long = summary({ elapsedMs: 60_000 });

  test('stands at the end of a long run', () => {
    expect(summaryLines(long, paths, plain).at(-1)).toMatch(/^ {2}2 workers, 90% busy: /);
  });

  test('does not where --bwlimit set the pace, nor for a dry run', () => {
    expect(summaryLines(long, paths, plain, true)).toHaveLength(1);
    expect(summaryLines({ ...long, dryRun: true }, paths, plain)).toHaveLength(1);
  });
});

describe('the failures again', () => {
  const failures = Array.from({ length: 24 }, (_, i) => failure(`f${i}`));

  test('when they do not fit the screen', () => {
    const lines = failuresAgain(summary({ failures, moreFailures: 2 }), paths, plain, 24);
    expect(lines).toHaveLength(26);
    expect(lines[0]).toBe('pcopy: 26 entries failed:');
    expect(lines[1]).toBe('pcopy: src/f0: read: input/output error (EIO)');
    expect(lines[25]).toBe('pcopy: and 2 more failures, named above');
  });

  test('not when they do', () => {
    expect(failuresAgain(summary({ failures: failures.slice(1) }), paths, plain, 24)).toEqual([]);
  });

  test('quiet or not', () => {
    const lines: string[] = [];
    const reporter = summaryPrinter({
      print: (l) => lines.push(l),
      paths,
      paint: plain,
      rows: () => 10,
      quiet: true,
      limited: false,
    });
    reporter.onEvent({ type: 'end', summary: summary({ failures }) });
    expect(lines).toHaveLength(25);
  });
});

test('on a screen the summary is folded between its parts, in a log it is not', () => {
  const lines = (columns?: number) => {
    const said: string[] = [];
    const print = (line: string) => said.push(line);
    const options = {
      print,
      paths,
      paint: plain,
      rows: () => 24,
      quiet: false,
      limited: false,
      columns: () => columns,
    };
    summaryPrinter(options).onEvent({ type: 'end', summary: summary() });
    return said;
  };
  expect(lines(40)).toEqual(['pcopy: copied 3 files, 1 directory;', '    3.0 KiB in 1.50 s, 2.0 KiB/s']);
  expect(lines()).toEqual(['pcopy: copied 3 files, 1 directory; 3.0 KiB in 1.50 s, 2.0 KiB/s']);
});
