import { expect, test } from 'vitest';
import { RefusedError, UsageError } from '../../src/api/errors.ts';
import { exitCodeOf, exitCodeOfError, withOutput } from '../../src/cli/exit-codes.ts';

test.each([
  ['complete', undefined, 0],
  ['incomplete', undefined, 1],
  ['refused', undefined, 3],
  ['stopped', undefined, 4],
  ['interrupted', 'SIGHUP', 129],
  ['interrupted', 'SIGINT', 130],
  ['interrupted', 'SIGTERM', 143],
  ['interrupted', undefined, 130],
  // A signal that came too late to change anything does not change the code.
  ['complete', 'SIGINT', 0],
] as const)('%s, %s: %d', (outcome, signal, code) => expect(exitCodeOf(outcome, signal)).toBe(code));

test('errors that are thrown', () => {
  expect(exitCodeOfError(new UsageError('x'))).toBe(2);
  expect(exitCodeOfError(new RefusedError('', 'x', 'EMFILE'))).toBe(3);
  expect(exitCodeOfError(new TypeError('x'))).toBe(4);
  expect(exitCodeOfError('x')).toBe(4);
});

test.each([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [130, 130],
])('%d with output lost is %d', (code, merged) => {
  expect(withOutput(code, true)).toBe(merged);
  expect(withOutput(code, false)).toBe(code);
});
