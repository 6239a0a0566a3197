import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { fromNode, orNull, SystemError } from '../../src/fs/system-error.ts';

test('an error of another realm, as all of Node’s are under Jest, is known for what it is', () => {
  const error = runInNewContext("Object.assign(new Error('x'), { code: 'ENOENT', errno: -2, syscall: 'open' })");
  expect(error).not.toBeInstanceOf(Error);
  expect(fromNode(error)).toBeInstanceOf(SystemError);
  expect(fromNode(error)).toMatchObject({ code: 'ENOENT', syscall: 'open', cause: error });
});

test('what orNull does not take for null is a SystemError, whoever threw it', () => {
  const open = (path: string) => () => readFileSync(path);
  expect(orNull(open('/none'))).toBe(null);
  expect(orNull(open('/none'), 'ENOENT')).toBe(null);
  expect(() => orNull(open('/'), 'ENOENT')).toThrow(SystemError);
  expect(() =>
    orNull(() => {
      throw new TypeError('a mistake');
    }),
  ).toThrow(TypeError);
});
