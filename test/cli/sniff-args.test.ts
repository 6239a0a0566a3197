import { expect, test } from 'vitest';
import { looksLikeCopy } from '../../src/cli/sniff-args.ts';

test.each([
  [['src', 'dest'], true],
  [['-j', '3', 'src', 'dest', '-v'], true],
  [['--', '-h', '--version'], true],
  [[], false],
  [['src'], false],
  [['src', 'dest', '--help'], false],
  [['-V', 'x'], false],
  [['src', 'dest', '--dry-run'], false],
  [['completion', 'bash'], false],
  [['src', 'dest', '-j', '0'], false],
  [['-j0', 'src', 'dest'], false],
  [['--jobs=0', 'src', 'dest'], false],
  [['-j', '10', 'src', '0'], true],
])('%j: %s', (args, copies) => expect(looksLikeCopy(args)).toBe(copies));
