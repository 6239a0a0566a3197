import { describe, expect, test } from 'vitest';
import { checkCall } from '../../src/api/check-call.ts';
import { resolveConfig } from '../../src/api/config.ts';
import { UsageError } from '../../src/api/errors.ts';
import type { CopyOptions } from '../../src/api/options.ts';

/** What is said to a call, in the order in which copyTree asks; '' when it is taken. */
function said(source: unknown, destination: unknown, options: unknown = {}, hooks: unknown = {}): string {
  try {
    checkCall(source, destination, options, hooks);
    resolveConfig(options as CopyOptions);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).code).toBe('EUSAGE');
    return (error as Error).message;
  }
}

describe('options that are refused', () => {
  test.each<[options: unknown, message: string]>([
    [{ jobs: '3' }, "jobs: got '3', takes auto or a whole number from 1 to 64; 0 only with a broker"],
    [{ jobs: 0 }, 'jobs (--jobs): 0 leaves all work to other machines; it takes 1 to 64 without broker (--broker)'],
    [{ jobs: 65 }, 'jobs: got 65, takes auto or a whole number from 1 to 64; 0 only with a broker'],
    [{ jobs: 2.5 }, 'jobs: got 2.5, takes auto or a whole number from 1 to 64; 0 only with a broker'],
    [{ jobs: Number.NaN }, 'jobs: got NaN, takes auto or a whole number from 1 to 64; 0 only with a broker'],
    [{ jobs: null }, 'jobs: got null, takes auto or a whole number from 1 to 64; 0 only with a broker'],
    [{ jobs: 3n }, 'jobs: got 3n, takes auto or a whole number from 1 to 64; 0 only with a broker'],
    [
      { jobs: Number.POSITIVE_INFINITY },
      'jobs: got Infinity, takes auto or a whole number from 1 to 64; 0 only with a broker',
    ],
    [{ chunkSize: '4K' }, "chunkSize: got '4K', takes a whole number from 1 to 1073741824"],
    [{ chunkSize: 1 << 20, batch: 1 << 20 }, 'chunkSize * batch: got 1099511627776 bytes, takes at most 1 GiB'],
    [{ retries: -1 }, 'retries: got -1, takes a whole number from 0 to 1000'],
    [{ maxErrors: 0 }, 'maxErrors: got 0, takes a whole number from 1, or Infinity for no limit'],
    [{ bwlimit: '10M' }, "bwlimit: got '10M', takes a whole number from 0, or Infinity for no limit"],
    [{ bwlimit: Number.NaN }, 'bwlimit: got NaN, takes a whole number from 0, or Infinity for no limit'],
    [{ exclude: 'x' }, "exclude: got 'x', takes a list of patterns"],
    [{ include: ['a', 3] }, 'include[1]: got 3, takes a pattern, like **/*.log'],
    [{ exclude: [''] }, "exclude[0]: got '', takes a pattern, like **/*.log"],
    [{ exclude: [/x/] }, 'exclude[0]: got /x/, takes a pattern, like **/*.log'],
    [
      { filesFrom: ['ä', '文'] },
      "filesFrom[1]: got '文', takes a path as bytes, one character each (see fromText), without a NUL",
    ],
    [
      { filesFrom: ['a\0b'] },
      "filesFrom[0]: got 'a\\x00b', takes a path as bytes, one character each (see fromText), without a NUL",
    ],
    [{ update: 'yes' }, "update: got 'yes', takes true or false"],
    [{ dryRun: 1 }, 'dryRun: got 1, takes true or false'],
    [{ reflink: true }, 'reflink: got true, takes auto, always or never'],
    [{ manifest: '' }, "manifest: got '', takes a file name"],
    [{ maxDelete: 3 }, 'maxDelete: requires delete'],
    [{ maxDelete: -3, delete: true }, 'maxDelete: got -3, takes a whole number from 0, or Infinity for no limit'],
    [{ checksum: true }, 'checksum: requires update'],
    [{ filesFrom: [], delete: true }, 'filesFrom: cannot be used with delete: all that is not listed would be removed'],
    [{ manifest: 'm', dryRun: true }, 'manifest: cannot be used with dryRun: nothing is read, so nothing is hashed'],
    [{ colour: true }, "unknown option 'colour'"],
    [{ colour: undefined }, "unknown option 'colour'"],
    [{ excludes: ['x'] }, "unknown option 'excludes': did you mean 'exclude'?"],
    [{ exlude: ['x'] }, "unknown option 'exlude': did you mean 'exclude'?"],
    [{ 'dry-run': true }, "unknown option 'dry-run': did you mean 'dryRun'?"],
    [{ job: 3 }, "unknown option 'job': did you mean 'jobs'?"],
    [{ toString: 3 }, "unknown option 'toString'"],
    [{ signal: 3 }, "unknown option 'signal': it goes into the fourth argument"],
    [Object.create({ jobs: -1 }), 'jobs: got -1, takes auto or a whole number from 1 to 64; 0 only with a broker'],
    [null, 'options: got null, takes an object'],
    ['-j 3', "options: got '-j 3', takes an object"],
  ])('%o', (options, message) => expect(said('a', 'b', options)).toBe(message));
});

describe('other arguments that are refused', () => {
  const path = 'takes a path: a string or a Uint8Array, without a NUL';
  test.each<[message: string, ...call: [unknown, unknown, unknown?, unknown?]]>([
    [`destination: got undefined, ${path}`, 'photos', undefined],
    [`source: got undefined, ${path}`, undefined, 'photos'],
    [`source[0]: got 1, ${path}`, [1], 'photos'],
    ['source: got [], takes a path, or a list of one path at least', [], 'photos'],
    [`source: got 'a\\x00b', ${path}`, 'a\0b', 'photos'],
    [`destination: got null, ${path}`, 'photos', null],
    ['hooks: got null, takes an object', 'a', 'b', {}, null],
    ["onEvent: got 'x', takes a function", 'a', 'b', {}, { onEvent: 'x' }],
    ['signal: got {}, takes an AbortSignal', 'a', 'b', {}, { signal: {} }],
    ["unknown hook 'onEvnt': did you mean 'onEvent'?", 'a', 'b', {}, { onEvnt: () => {} }],
    ["unknown hook 'jobs': it goes into the third argument", 'a', 'b', {}, { jobs: 3 }],
  ])('%s', (message, ...call) => expect(said(...call)).toBe(message));
});

test('undefined is not given, a limit may be Infinity, and an option that is off needs nothing', () => {
  expect(said('a', Buffer.from('b'))).toBe('');
  expect(said('a', 'b', { jobs: undefined, maxDelete: undefined, exclude: undefined }, { signal: undefined })).toBe('');
  expect(resolveConfig({ jobs: undefined } as unknown as CopyOptions).jobs).toBeGreaterThan(0);
  expect(said('a', 'b', { maxDelete: Number.POSITIVE_INFINITY, delete: true, bwlimit: 0 })).toBe('');
  expect(said('a', 'b', { maxDelete: 3, delete: false, checksum: false, manifest: 'm', dryRun: false })).toBe('');
  expect(resolveConfig({ bwlimit: Number.POSITIVE_INFINITY }).bwlimit).toBe(0);
});
