import { expect, test } from 'vitest';
import { isRemoval, pathsToRetry, UsageError } from '../../src/api/errors.ts';
import type { CopyEvent } from '../../src/api/events.ts';
import { notesOn, type RetryLog, readRetryLog } from '../../src/cli/retry-log.ts';

const START = { type: 'start', source: '/s', destination: '/d', version: '0', jobs: 1, dryRun: false };
const error = (path: string, more: object = {}) => ({
  type: 'error',
  path,
  action: 'open',
  code: 'EACCES',
  message: 'no',
  side: 'source',
  ...more,
});
const END = { type: 'end', outcome: 'incomplete' };

function read(text: string | Buffer, size = 7) {
  const bytes = Buffer.from(text);
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  return readRetryLog('log', chunks(), (path) => path);
}
const paths = (log: RetryLog) => [...pathsToRetry(log.failures)];
const lines = (...events: object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');

test('takes what failed, byte for byte and each once, of the last run in the log', async () => {
  const text =
    lines(START, error('from an earlier run'), END) +
    lines(
      START,
      { type: 'file', path: 'fine' },
      error('\u00e9\n'),
      error('twice'),
      error('twice', { action: 'read' }),
    ) +
    lines(error('b\ufffd', { pathBase64: Buffer.from('b\xff', 'latin1').toString('base64') }), END);
  const log = await read(text);
  expect(paths(log)).toEqual(['\xc3\xa9\n', 'twice', 'b\xff']);
  expect(log.outcome).toBe('incomplete');
});

test('the top stands for all of the source only when it failed with all below it', async () => {
  const own = error('', { action: 'set times', side: 'destination' });
  const empty = error('', { action: 'select', code: 'EPCOPY_EMPTY', side: 'destination' });
  const manifest = error('', { action: 'write the manifest', code: 'ENOSPC', side: 'destination' });
  expect(paths(await read(lines(START, own, empty, manifest, END)))).toEqual([]);
  expect(paths(await read(lines(START, error('', { subtree: true }), END)))).toEqual(['']);
  expect(paths(await read(lines(START, error('', { code: 'EPCOPY_WORKER' }), END)))).toEqual(['']);
});

test('removals are counted, and not copied', async () => {
  const removal = error('gone', { action: 'delete', side: 'destination' });
  const tooMany = error('', { action: 'delete', code: 'EPCOPY_MAXDELETE', side: 'destination' });
  const log = await read(lines(START, removal, tooMany, END));
  expect(paths(log)).toEqual([]);
  expect(log.failures.filter(isRemoval)).toHaveLength(2);
});

test.each([1, 30, 60])('a last line that lacks its last %i bytes is one that a killed run left', async (missing) => {
  const text = lines(START, error('a'), error('b'));
  const log = await read(text.slice(0, -missing));
  expect(paths(log)).toEqual(missing === 1 ? ['a', 'b', ''] : ['a', '']);
  expect(log.outcome).toBeNull();
});

test.each([
  ['no line ends', Buffer.alloc(17 << 20, 'x'), 1 << 20, 'its line 1 is not an event'],
  ['a path that is none', Buffer.from(lines(START, error('a', { path: 1 }))), 7, 'its line 2 is not an event'],
  ['a bare value', Buffer.from(`${lines(START)}7\n`), 7, 'its line 2 is not an event'],
])('%s', async (_what, text, size, said) => {
  const reading = read(text, size);
  await expect(reading).rejects.toThrow(UsageError);
  await expect(reading).rejects.toThrow(`option '--retry-from' got 'log', but ${said}.`);
});

test('notes: none for the log of this copy, run to its end, in which something failed', async () => {
  const log = await read(lines(START, error('a'), END));
  const start = { ...START, driver: 'libc', merged: true } as Extract<CopyEvent, { type: 'start' }>;
  const removal = await read(lines(START, error('gone', { action: 'delete', side: 'destination' }), END));
  expect(notesOn(removal, start, false)).toHaveLength(2);
  expect(notesOn(log, start, false)).toEqual([]);
  expect(notesOn(log, { ...start, source: '/other' }, false)).toHaveLength(1);
  expect(notesOn({ ...log, name: '-' }, { ...start, source: '/other' }, false)[0]?.message).toMatch(
    /^the log is of another/,
  );
  expect(notesOn({ ...log, outcome: 'interrupted' }, start, false)[0]?.message).toMatch(/its run was interrupted/);
  expect(notesOn(removal, start, true)).toEqual([]);
});
