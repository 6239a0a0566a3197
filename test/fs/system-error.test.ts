import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { fromNode, SystemError } from '../../src/fs/system-error.ts';

test('an error of another realm, as all of Node’s are under Jest, is known for what it is', () => {
  const error = runInNewContext("Object.assign(new Error('x'), { code: 'ENOENT', errno: -2, syscall: 'open' })");
  expect(error).not.toBeInstanceOf(Error);
  expect(fromNode(error)).toBeInstanceOf(SystemError);
  expect(fromNode(error)).toMatchObject({ code: 'ENOENT', syscall: 'open', cause: error });
});
