import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { utf8 } from '../support/bytes.ts';
import { needs } from '../support/needs.ts';
import { BIN, copy, expectExit, pcopy, startCommand, until } from '../support/run.ts';
import { PREFIX, temp } from '../support/temp.ts';
import { fifo, file, plant, symlink, type Tree } from '../support/tree.ts';
import { SLOW, slowFile } from './slow.ts';

const hostile: Tree = {
  '\x1b]0;owned\x07title': file('x'),
  'red\x1b[31m': file('x'),
  'clear\x1bc': fifo(),
  'new\nline': fifo(),
  'back\b\b\b\rover': symlink('nowhere'),
  'eight-bit \x9b31m': file('x'),
  [utf8('c1 \u009b31m')]: fifo(),
  [utf8('turned \u202ename')]: fifo(),
};

/** The command on a terminal of its own; what it wrote there, with every escape code. */
function onTerminal(args: string[], env: Record<string, string> = {}) {
  const quoted = [process.execPath, BIN, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(' ');
  const command = ['script', '-qefc', `stty cols 120 rows 30; exec ${quoted}`, '/dev/null'];
  return startCommand(command, { env: { TERM: 'xterm-256color', ...env } }).done;
}

function percentages(output: string): number[] {
  return [...output.matchAll(/(\d+(?:\.\d+)?) ?%/g)].map((match) => Number(match[1]));
}

// What the parent shows does not depend on the driver that its workers use.
describe.each(['libc'] as const)('driver %s', (driver) => {
  needs('script')('on a terminal the bar only goes forward, and ends at 100 %', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/one': slowFile(500_000), 'b/two': slowFile(500_000), 'c/three': file('x') });
    const { stdout } = expectExit(
      await onTerminal([...SLOW, '-j', '2', `${top}/src`, `${top}/dst`], { PCOPY_DRIVER: driver }),
      0,
    );
    expect(stdout).toContain('\x1b[');
    expect(stdout).toMatch(/a\/one/);
    expect(stdout).toMatch(/b\/two/);
    // The line of the whole run; each worker has one with a share of its own file.
    const overall = stdout.split(/[\r\n]+/).filter((line) => /\d\/\d+ files/.test(line));
    const shares = percentages(overall.join('\n'));
    expect(shares.length, stdout).toBeGreaterThan(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(100);
    // The cursor that the bar hid is back.
    expect(stdout.lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(stdout.lastIndexOf('\x1b[?25l'));
  });

  test('without a terminal there are no escape codes, and a short run says only its summary', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/one': file('one'), b: file('b') });
    const { stdout, stderr } = await copy([`${top}/src`, `${top}/dst`], { driver });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/\S/);
    expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    const quiet = await copy(['-q', `${top}/src`, `${top}/quiet`], { driver });
    expect(quiet.stdout + quiet.stderr).toBe('');
  });

  needs('python3', 'script')('no file name writes to the terminal', async () => {
    const top = temp();
    plant(`${top}/src`, hostile);
    plant(`${top}/dst`, { 'red\x1b[31m/x': file('a directory: an error line with the name') });
    const unsafe = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/;
    for (const options of [[], ['-v'], ['-v', '--dry-run']]) {
      const { stdout, stderr } = await pcopy([...options, `${top}/src`, `${top}/dst`], { driver });
      expect(stdout).not.toMatch(unsafe);
      expect(stderr).not.toMatch(unsafe);
      for (const line of stderr.split('\n').filter((text) => text.includes('red')))
        expect(line).toMatch(/^pcopy: |red/);
    }
    const { stdout } = await onTerminal(['-v', `${top}/src`, `${top}/dst`], { PCOPY_DRIVER: driver });
    for (const sequence of ['\x1b]0;', '\x1b[31m', '\x1bc', '\b', '\x9b', '\u202e', '\x07']) {
      // `script` also shows the colours of the command itself: none of these is one that it uses for a name.
      if (sequence === '\x1b[31m') expect(stdout).not.toContain(`red${sequence}`);
      else expect(stdout, JSON.stringify(sequence)).not.toContain(sequence);
    }
  });
});

needs('tmux')('the bar leaves a clean screen', async () => {
  const top = temp();
  // Large enough to be worth a worker each, in steps that are not quite as small.
  plant(`${top}/src`, { 'a/one': slowFile(), 'b/two': slowFile() });
  const session = `${PREFIX}${Date.now()}`;
  const tmux = (...args: string[]) =>
    spawnSync('tmux', ['-L', session, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  onTestFinished(() => {
    tmux('kill-server');
  });
  const command = [process.execPath, BIN, ...SLOW, '--chunk-size', '4', '-j', '2', `${top}/src`, `${top}/dst`].join(
    ' ',
  );
  const { status, stderr } = tmux(
    'new-session',
    '-d',
    '-x',
    '110',
    '-y',
    '24',
    `${command}; echo "ended with $?"; exec cat`,
  );
  expect(status, stderr).toBe(0);
  const screen = () => tmux('capture-pane', '-p').stdout;
  await until(() => /a\/one[\s\S]*b\/two|b\/two[\s\S]*a\/one/.test(screen()), 'a line for each worker');
  await until(() => screen().includes('ended with 0'), 'the end', 30_000);
  const lines = screen()
    .split('\n')
    .filter((line) => line.trim() !== '');
  expect(lines.join('\n')).toMatch(/100 ?%|2 files/);
  // What the workers' lines held is gone: no current file is left on the screen.
  expect(lines.filter((line) => /a\/one|b\/two/.test(line))).toEqual([]);
  expect(execFileSync('ls', [`${top}/dst/a`], { encoding: 'utf8' })).toBe('one\n');
});
