import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { type Driver, expectExit, overBothDrivers, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { fifo, file, plant, symlink, type Tree } from '../support/tree.ts';
import { disturbedAfter, type Window } from './support/window.ts';

const OPTIONS = { uid: 1001, gid: 1001, mode: 0o666, mtime: 1_000_000_000_000_000_000n };

/** What must be as it was, of a file that whoever owns the destination has linked into it. */
function stateOf(path: string): Record<string, unknown> {
  const { mode, uid, gid, mtimeMs, size } = lstatSync(path);
  return { mode, uid, gid, mtimeMs, size };
}

function trap(victim: string, name: string): void {
  linkSync(victim, `${name}.trap`);
  renameSync(`${name}.trap`, name);
}

interface Case {
  what: string;
  options: string[];
  source: Tree;
  old: Tree;
  /** The same type as the source's, so that nothing but the link count tells. */
  victim: Tree;
  /** The call after which the name is taken by the victim. */
  after: (windows: Window[]) => Window | undefined;
}

const cases: Case[] = [
  {
    what: '--no-atomic: between the look at a file and its opening',
    options: ['--no-atomic'],
    source: { x: file('new') },
    old: { x: file('old') },
    victim: { victim: file('not ours to change') },
    after: (windows) => windows[windows.findIndex(({ text }) => /x", O_RDWR/.test(text)) - 1],
  },
  {
    what: '-a: a FIFO',
    options: ['-a'],
    source: { x: fifo(OPTIONS) },
    old: {},
    victim: { victim: fifo() },
    after: (windows) => windows.find(({ name }) => name === 'mknodat'),
  },
  {
    what: 'the time of a symbolic link',
    options: [],
    source: { x: symlink('to', { mtime: OPTIONS.mtime }) },
    old: {},
    victim: { victim: symlink('to') },
    after: (windows) => windows.find(({ name }) => name.startsWith('symlink')),
  },
  {
    what: '-a: a symbolic link whose place is taken by a file',
    options: ['-a'],
    source: { x: symlink('to', OPTIONS) },
    old: {},
    victim: { victim: file('not ours to change') },
    after: (windows) => windows.find(({ name }) => name.startsWith('symlink')),
  },
];

overBothDrivers((driver) => {
  // node:fs makes no FIFOs, and reaches the others alike.
  const some = cases.filter(({ what }) => driver === 'libc' || /atomic|time/.test(what));
  needs('root', 'strace', 'python3').for(some)('a hard link to a file elsewhere is left alone: $what', (one) =>
    tryCase(driver, one),
  );

  needs('root')('a hard link in place of the temporary file of a split file is left alone', async () => {
    const top = temp();
    plant(`${top}/src`, { big: file(Buffer.alloc(66 << 20, 'x'), { uid: 1001, gid: 1001, mode: 0o644 }) });
    mkdirSync(`${top}/dst`);
    writeFileSync(`${top}/victim`, 'not ours to change', { mode: 0o600 });
    const before = stateOf(`${top}/victim`);
    const { done } = start(['-a', '-j', '2', '--bwlimit', '30M', `${top}/src`, `${top}/dst`], { driver });
    const find = (): string | undefined => readdirSync(`${top}/dst`).find((name) => name.startsWith('.pcopy-'));
    await until(() => find() !== undefined, 'the temporary file');
    trap(`${top}/victim`, `${top}/dst/${find()}`);
    const { stderr } = expectExit(await done, 1);
    expect(stderr).toContain('its temporary file was replaced (EPCOPY_CHANGED)');
    expect(stateOf(`${top}/victim`)).toEqual(before);
    expect(readFileSync(`${top}/victim`, 'utf8')).toBe('not ours to change');
    expect(readdirSync(`${top}/dst`)).toEqual([]);
  });
});

async function tryCase(driver: Driver, { options, source, old, victim, after }: Case): Promise<void> {
  const top = temp();
  plant(`${top}/src`, source);
  plant(top, victim);
  const before = stateOf(`${top}/victim`);
  const stageFor = (lane: number) => {
    plant(`${top}/dst${lane}`, old);
    return { from: `${top}/src`, destination: `${top}/dst${lane}`, traces: `${top}/traces`, driver, options };
  };
  const { result, stage } = await disturbedAfter(after, stageFor, ({ destination }) => {
    trap(`${top}/victim`, `${destination}/x`);
  });
  expect(stateOf(`${top}/victim`)).toEqual(before);
  // Written in place the name is given to a new file, as it is when the hard link was seen before.
  expectExit(result, options.includes('--no-atomic') ? 0 : 1);
  if (options.includes('--no-atomic')) expect(readFileSync(`${stage.destination}/x`, 'utf8')).toBe('new');
  else expect(result.stderr).toContain('was replaced as soon as it was made (EPCOPY_CHANGED)');
}
