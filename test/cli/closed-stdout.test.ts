import { expect, test } from 'vitest';
import { stdoutWasClosed } from '../../src/cli/closed-stdout.ts';

const info = (flags: string) => () => `pos:\t0\nflags:\t${flags}\nmnt_id:\t25\nino:\t4\n`;

test.each([
  ['closed: /dev/null for both ways', '/dev/null', '0100002', true],
  ['> /dev/null', '/dev/null', '0100001', false],
  ['a terminal', '/dev/pts/0', '0100002', false],
  ['a pipe', 'pipe:[123]', '01', false],
])('%s', (_name, link, flags, closed) => expect(stdoutWasClosed(() => link, info(flags))).toBe(closed));

test('where nobody can tell, it was not', () => {
  const missing = () => {
    throw new Error('ENOENT');
  };
  expect(stdoutWasClosed(missing, missing)).toBe(false);
});
