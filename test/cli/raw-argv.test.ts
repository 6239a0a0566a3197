import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { toText } from '../../src/api/names.ts';
import { rawArguments } from '../../src/cli/raw-argv.ts';

const argv = (...args: string[]) => ['node', 'pcopy', ...args];
const never = () => {
  throw new Error('read');
};

test('ordinary arguments are not looked up', () => {
  expect(rawArguments(argv('src', 'é'), never)).toEqual(['src', '\xc3\xa9']);
});

describe('what Node could not decode', () => {
  const raw = ['caf\xe9', 'dest'];
  const decoded = raw.map(toText);

  test('is taken from the system, from the end: options of Node may stand before', () => {
    const line = () => ['node', '--no-warnings', 'pcopy', ...raw, ''].join('\0');
    expect(rawArguments(argv(...decoded), line)).toEqual(raw);
  });

  test('stays as it is where the system does not agree', () => {
    const asDecoded = ['caf\xef\xbf\xbd', 'dest'];
    expect(rawArguments(argv(...decoded), () => 'a new title\0')).toEqual(asDecoded);
    expect(rawArguments(argv(...decoded), () => undefined)).toEqual(asDecoded);
  });

  test('a name that holds U+FFFD itself is not mistaken', () => {
    const name = Buffer.from('\ufffd').toString('latin1');
    expect(rawArguments(argv('\ufffd'), () => ['node', 'pcopy', name, ''].join('\0'))).toEqual([name]);
  });

  test.runIf(process.platform === 'linux')('this system keeps the bytes in /proc/self/cmdline', () => {
    const read = `process.stdout.write(require('fs').readFileSync('/proc/self/cmdline'))`;
    const script = `exec "$0" -e "$1" -- "$(printf 'caf\\351')"`;
    const out = execFileSync('bash', ['-c', script, process.execPath, read]);
    expect(out.toString('latin1')).toMatch(/\0caf\xe9\0$/);
  });
});
