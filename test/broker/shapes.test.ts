import { expect, test } from 'vitest';
import { isNames, isPath } from '../../src/broker/shapes.ts';

test.each([
  ['a', true],
  ['a/b', true],
  ['.a/..b/a./...', true],
  ['a\0b/c', true],
  ['\xff\n', true],
  ['', false],
  ['.', false],
  ['a/..', false],
  ['../a', false],
  ['a/./b', false],
  ['a//b', false],
  ['/a', false],
  ['a/', false],
  ['a\0..', false],
  ['..\0a', false],
  ['a\0', false],
  ['a\0b\0c', false],
  ['a\u0100', false],
  [1, false],
])('names %j: %s', (value, are) => expect(isNames(value)).toBe(are));

test('the top has the empty path', () => expect(isPath('')).toBe(true));
