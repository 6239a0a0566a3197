import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { CopyEvent } from '../../src/api/events.ts';
import { fromText } from '../../src/api/names.ts';
import { JsonReporter } from '../../src/ui/json.ts';
import type { JsonEvent } from '../../src/ui/json-events.ts';
import { violations } from './fixture/json-schema.ts';
import { ending, failure, progress, snapshot, summary } from './fixture/summaries.ts';

const schema = JSON.parse(readFileSync(new URL('../../src/ui/events.schema.json', import.meta.url), 'utf8'));

const NOT_UTF8 = 'caf\xe9/b\xff';
const found = { files: 10, directories: 1, bytes: 1000, complete: true };
const workers = [{ index: 0, path: NOT_UTF8, done: 1, size: 2, silentMs: 3 }];
const machines = [{ name: 'a:1', working: 1, entries: 2, bytes: 500, silentMs: 0.5 }];
const reason = { path: NOT_UTF8, code: 'ENOENT', message: 'no such file or directory' };

const START: CopyEvent = {
  type: 'start',
  source: 'src',
  destination: NOT_UTF8,
  jobs: 3,
  driver: 'libc',
  merged: true,
  dryRun: false,
};

/** One of each kind, and of each form that a kind can take. */
const EVENTS: CopyEvent[] = [
  START,
  { ...START, single: { name: NOT_UTF8, as: 'x' } },
  { type: 'scan', found },
  progress(snapshot({ elapsedMs: 100, found, settled: 5, settledBytes: 500, workers, machines })),
  { type: 'file', path: 'a', kind: 'file', action: 'copied', bytes: 5, sha256: 'ab'.repeat(32) },
  { type: 'file', path: fromText('é'), kind: 'directory', action: 'deleted', bytes: 0 },
  { type: 'error', failure: failure(NOT_UTF8, 'destination') },
  { type: 'error', failure: { ...failure(), subtree: true } },
  { type: 'skip', path: 'fifo', kind: 'fifo', reason: 'a FIFO' },
  { type: 'warn', path: '', code: 'EPCOPY_EMPTY', message: 'nothing matches' },
  { type: 'end', summary: summary({ outcome: 'stopped', reason, notPreserved: { owner: 2 }, skips: { fifo: 1 } }) },
];

function open() {
  let text = '';
  const write = (line: string) => {
    text += line;
  };
  const reporter = new JsonReporter({
    write,
    version: '1.2.3',
    dryRun: true,
    source: 'src',
    destination: 'dest',
    exitCodeOf: () => 4,
  });
  return {
    reporter,
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as JsonEvent),
  };
}

let json: ReturnType<typeof open>;
beforeEach(() => {
  json = open();
});

test('every event is one line that the schema describes', () => {
  for (const event of EVENTS) json.reporter.onEvent(event);
  expect(json.lines().map(({ type }) => type)).toEqual(EVENTS.map(({ type }) => type));
  for (const line of json.lines()) expect(violations(schema, line), JSON.stringify(line)).toEqual([]);
});

test('the schema refuses what is none of them', () => {
  for (const event of EVENTS) json.reporter.onEvent(event);
  for (const line of json.lines()) {
    expect(violations(schema, { ...line, more: 1 })).not.toEqual([]);
    for (const key of Object.keys(line).filter((k) => !/Base64|sha256|reason|subtree|single|machines/.test(k))) {
      const { [key]: _, ...less } = line as unknown as Record<string, unknown>;
      expect(violations(schema, less), key).not.toEqual([]);
    }
  }
});

describe('names', () => {
  test('one that is not UTF-8 has its bytes beside it', () => {
    json.reporter.onEvent({ type: 'skip', path: NOT_UTF8, kind: 'fifo', reason: '' });
    const [line] = json.lines();
    expect(line).toMatchObject({
      path: 'caf\ufffd/b\ufffd',
      pathBase64: Buffer.from(NOT_UTF8, 'latin1').toString('base64'),
    });
  });

  test('one that is has not', () => {
    json.reporter.onEvent({ type: 'skip', path: fromText('写真\n'), kind: 'fifo', reason: '' });
    expect(json.lines()[0]).toEqual({
      time: expect.any(String),
      type: 'skip',
      path: '写真\n',
      kind: 'fifo',
      reason: '',
    });
  });

  test('none can act on a terminal', () => {
    const name = 'a\x1b\x07\x7f\u009b\u202eb\u2028';
    json.reporter.onEvent({ type: 'skip', path: fromText(name), kind: 'fifo', reason: '' });
    expect(json.text()).toMatch(/^[\x20-\x7e]+\n$/);
    expect(json.lines()[0]).toMatchObject({ path: name });
  });
});

test('progress and scan come about once a second, the last scan always', () => {
  const now = vi.spyOn(performance, 'now');
  for (let ms = 0; ms <= 3000; ms += 100) {
    now.mockReturnValue(ms);
    json.reporter.onEvent({ type: 'scan', found: { ...found, complete: false } });
    json.reporter.onEvent(progress(snapshot({ elapsedMs: ms })));
  }
  json.reporter.onEvent({ type: 'scan', found });
  now.mockRestore();
  const types = json.lines().map(({ type }) => type);
  expect(types.filter((type) => type === 'progress')).toHaveLength(4);
  expect(types.filter((type) => type === 'scan')).toHaveLength(5);
});

describe('the last progress', () => {
  const at = (elapsedMs: number, settled: number) =>
    json.reporter.onEvent(progress(snapshot({ elapsedMs, found, settled, settledBytes: 0 })));
  const lines = () => json.lines().filter((line) => line.type === 'progress');

  test.each(['complete', 'incomplete'] as const)('of a run that is %s says 100 %%', (outcome) => {
    at(100, 5);
    at(150, 9);
    const last = { elapsedMs: 150, found, settled: 9, settledBytes: 0 };
    for (const event of ending(summary({ outcome, elapsedMs: 200 }), last)) json.reporter.onEvent(event);
    expect(json.lines().map(({ type }) => type)).toEqual(['progress', 'progress', 'end']);
    expect(lines().at(-1)).toMatchObject({ percent: 100, etaMs: 0, settled: 10, elapsedMs: 200, workers: [] });
    for (const line of lines()) expect(violations(schema, line)).toEqual([]);
  });

  test('of a run that was stopped says where', () => {
    at(100, 5);
    at(150, 9);
    const last = { elapsedMs: 150, found, settled: 9, settledBytes: 0 };
    for (const event of ending(summary({ outcome: 'stopped', elapsedMs: 200 }), last)) json.reporter.onEvent(event);
    expect(lines().at(-1)).toMatchObject({ settled: 9, etaMs: null });
    expect((lines().at(-1) as { percent: number }).percent).toBeLessThan(100);
  });
});

describe('the end', () => {
  test('holds the exit code and the totals, and is the last line', () => {
    json.reporter.onEvent({ type: 'end', summary: summary() });
    json.reporter.onEvent({ type: 'scan', found });
    json.reporter.endWithout(4, 'late', 'X');
    expect(json.lines()).toHaveLength(1);
    expect(json.lines()[0]).toMatchObject({ type: 'end', exitCode: 4, outcome: 'complete', totals: { files: 3 } });
    expect(json.lines()[0]).toHaveProperty('dryRun', false);
  });

  test('of a refused run names the paths as they were typed', () => {
    json.reporter.onEvent({ type: 'end', summary: summary({ outcome: 'refused', source: '', destination: '' }) });
    expect(json.lines()[0]).toMatchObject({ source: 'src', destination: 'dest' });
  });

  test.each([
    [2, 'refused'],
    [4, 'stopped'],
  ])('comes too when the run is given up with %d', (code, outcome) => {
    json.reporter.endWithout(code, 'why', 'EUSAGE');
    const [line] = json.lines();
    const reason = { message: 'why', code: 'EUSAGE' };
    expect(line).toMatchObject({ type: 'end', exitCode: code, outcome, dryRun: true, reason });
    expect(violations(schema, line)).toEqual([]);
  });
});
