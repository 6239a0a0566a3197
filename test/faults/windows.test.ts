import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { expect } from 'vitest';
import { type Item, sameTime, survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { type Driver, type Finished, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { plant } from '../support/tree.ts';

import { FULL } from './support/matrix.ts';
import { plantOld, smallTree, temporaryFiles } from './support/scene.ts';
import { named } from './support/verdict.ts';
import { disturbedIn, undisturbed, type Window } from './support/window.ts';

/** Windows between two calls that each change is tried in. */
const WINDOWS = FULL ? Number.POSITIVE_INFINITY : 3;

interface Change {
  what: string;
  /** The entry that is changed, relative to the tree. */
  path: string;
  make: (at: string, outside: string) => void;
}

const swap = (at: string, put: () => void): void => {
  renameSync(at, `${at}.away`);
  put();
};

const atSource: Change[] = [
  { what: 'shrinks', path: 'd/big', make: (at) => truncateSync(at, 140_000) },
  { what: 'shrinks, small as it is', path: 'd/a', make: (at) => truncateSync(at, 4) },
  { what: 'grows, small as it is', path: 'd/a', make: (at) => appendFileSync(at, 'and more') },
  { what: 'becomes empty', path: 'd/big', make: (at) => truncateSync(at, 0) },
  { what: 'grows', path: 'd/big', make: (at) => appendFileSync(at, 'and more') },
  {
    what: 'is written over',
    path: 'd/big',
    make: (at) => {
      writeFileSync(at, Buffer.alloc(300_000, 'other'));
      utimesSync(at, 1.7e9, 1.7e9);
    },
  },
  { what: 'is replaced', path: 'd/big', make: (at) => swap(at, () => writeFileSync(at, 'another file')) },
  { what: 'vanishes', path: 'd/big', make: (at) => rmSync(at) },
  { what: 'becomes a directory', path: 'd/big', make: (at) => swap(at, () => mkdirSync(at)) },
  { what: 'becomes a FIFO', path: 'd/big', make: (at) => swap(at, () => spawnSync('mkfifo', [at])) },
  { what: 'becomes a link', path: 'd/big', make: (at, out) => swap(at, () => symlinkSync(`${out}/big`, at)) },
  { what: 'becomes a link to elsewhere', path: 'd', make: (at, out) => swap(at, () => symlinkSync(out, at)) },
  { what: 'vanishes with all it holds', path: 'd', make: (at) => rmSync(at, { recursive: true }) },
  { what: 'becomes a file', path: 'd', make: (at) => swap(at, () => writeFileSync(at, 'a file now')) },
];

const atDestination: Change[] = [
  { what: 'becomes a link to elsewhere', path: 'd', make: (at, out) => swap(at, () => symlinkSync(out, at)) },
  { what: 'becomes a file', path: 'd', make: (at) => swap(at, () => writeFileSync(at, 'a file now')) },
  { what: 'vanishes with all it holds', path: 'd', make: (at) => rmSync(at, { recursive: true }) },
  { what: 'becomes a link to a file', path: 'd/a', make: (at, out) => swap(at, () => symlinkSync(`${out}/a`, at)) },
  { what: 'becomes a directory', path: 'd/a', make: (at) => swap(at, () => mkdirSync(at)) },
  {
    what: 'appears as a link to a file',
    path: 'd/big',
    make: (at, out) => {
      rmSync(at, { force: true });
      symlinkSync(`${out}/big`, at);
    },
  },
];

overBothDrivers((driver) => {
  const some = (changes: Change[]): Change[] => (driver === 'libc' || FULL ? changes : changes.filter(sparesTime));
  const limit = { timeout: 3_600_000 };
  needs('strace', 'python3').for(some(atSource))('the source: $path $what', limit, (change) =>
    tryIn(driver, change, 'src'),
  );
  needs('strace', 'python3').for(some(atDestination))('the destination: $path $what', limit, (change) =>
    tryIn(driver, change, 'dst'),
  );
});

// What the drivers do differently is how they reach a name.
function sparesTime({ what }: Change): boolean {
  return /link|shrinks|directory/.test(what);
}

async function tryIn(driver: Driver, change: Change, side: 'src' | 'dst'): Promise<void> {
  const top = temp();
  const stage = (lane: string) => ({
    from: `${top}/${lane}/src`,
    destination: `${top}/${lane}/dst`,
    traces: `${top}/${lane}/traces`,
    driver,
  });
  const windows = windowsFor(await callsOf(driver), change);
  let met = 0;
  const lane = async (name: string): Promise<void> => {
    for (let window = windows.shift(); window !== undefined; window = windows.shift()) {
      for (let tries = 0; tries < 4; tries++) {
        const outside = prepare(top, name);
        const { from, destination } = stage(name);
        const known = contents(from, destination);
        const { result, missedBy } = await disturbedIn(window, stage(name), () => {
          change.make(`${top}/${name}/${side}/${change.path}`, outside);
          for (const [path, items] of contents(`${top}/${name}/${side}`)) {
            if (side === 'src' || path === change.path) known.set(path, [...(known.get(path) ?? []), ...items]);
          }
        });
        const wrong = judgeChanged(result, change, from, destination, known);
        expect(wrong, `after ${window.text}\n${result.stderr}`).toEqual([]);
        expect(outsideOf(outside), `after ${window.text}`).toEqual(OUTSIDE);
        if (missedBy === 0) met++;
        if (missedBy === 0 || missedBy === null) break;
        window = { ...window, ordinal: window.ordinal + missedBy };
      }
    }
  };
  await Promise.all([lane('one'), lane('two')]);
  expect(met).toBeGreaterThan(0);
}

const undisturbedCalls = new Map<Driver, Window[]>();

// From the worker's first step into the directory on.
async function callsOf(driver: Driver): Promise<Window[]> {
  const known = undisturbedCalls.get(driver);
  if (known !== undefined) return known;
  const top = temp();
  prepare(top, 'quiet');
  const stage = { from: `${top}/quiet/src`, destination: `${top}/quiet/dst`, traces: `${top}/quiet/traces`, driver };
  const { windows, result } = await undisturbed(stage);
  expect(result.code, result.stderr).toBe(0);
  const first = windows.findIndex(({ text }) => /"(\/proc\/self\/fd\/\d+\/)?d"/.test(text));
  const found = windows.slice(Math.max(first, 0));
  undisturbedCalls.set(driver, found);
  return found;
}

// The last moment before the entry is in hand, and some while it is: a file from the opening of its source to the naming of
// its copy, a directory all along. Each change has windows of its own, so that together they meet most.
function windowsFor(calls: Window[], { path, what }: Change): Window[] {
  const name = path.slice(path.indexOf('/') + 1);
  const mentions = ({ text }: Window): boolean => text.includes(`/${name}"`) || text.includes(`"${name}"`);
  const isFile = path !== name;
  const begin = isFile ? calls.findIndex((call) => call.name === 'openat' && mentions(call)) : 0;
  const after = calls.slice(begin);
  const named = isFile ? after.findIndex((call) => /^(link|rename)/.test(call.name) && mentions(call)) : -1;
  const inHand = named < 0 ? after : after.slice(0, named);
  // A small file is in hand for so few calls that every other one can be tried.
  const step = path === 'd/a' && !FULL ? 2 : Math.max(1, inHand.length / (WINDOWS - 1));
  const shift = what.length % Math.max(1, Math.floor(step));
  const spaced = inHand.filter(
    (_, index) => FULL || Math.floor((index - shift) / step) !== Math.floor((index - shift - 1) / step),
  );
  return [...calls.slice(Math.max(begin - 1, 0), begin), ...spaced];
}

const OUTSIDE = { a: 'SECRET a', big: 'SECRET big', one: 'SECRET one', hole: 'SECRET hole' };

function prepare(top: string, lane: string): string {
  const outside = `${top}/outside`;
  if (!existsSync(outside)) {
    mkdirSync(outside);
    for (const [name, content] of Object.entries(OUTSIDE)) writeFileSync(`${outside}/${name}`, content);
  }
  rmSync(`${top}/${lane}`, { recursive: true, force: true });
  mkdirSync(`${top}/${lane}`);
  if (!existsSync(`${top}/template`)) plant(`${top}/template`, smallTree());
  spawnSync('cp', ['-a', `${top}/template`, `${top}/${lane}/src`]);
  plantOld(`${top}/${lane}/dst`);
  return outside;
}

function outsideOf(outside: string): Record<string, string> {
  const items = [...survey(outside)].filter(([path]) => path !== '');
  return Object.fromEntries(
    items.map(([path, { type }]) => [path, type === 'file' ? readFileSync(`${outside}/${path}`, 'utf8') : type]),
  );
}

/** What may stand under each name: a content goes with the time of that content. */
function contents(...roots: string[]): Map<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const root of roots) {
    for (const [path, item] of survey(root)) {
      if (item.type === 'file') found.set(path, [...(found.get(path) ?? []), item]);
    }
  }
  return found;
}

// What was changed may come out old or new, if it comes out whole; all else comes out right, unless it is named.
function judgeChanged(
  { code, signal, stderr }: Finished,
  change: Change,
  from: string,
  destination: string,
  known: Map<string, Item[]>,
): string[] {
  const wrong: string[] = [];
  if (code !== 0 && code !== 1) wrong.push(`ended with ${code ?? signal}`);
  if (/unexpected|EPCOPY_INTERNAL|^ {4}at /m.test(stderr)) wrong.push('an error that nobody foresaw');
  const after: Map<string, Item> = existsSync(destination) ? survey(destination) : new Map();
  wrong.push(...temporaryFiles(destination).map((path) => `left ${path}`));
  const names = named(stderr, from, destination);
  if (code === 1 && names.size === 0) wrong.push('exit 1, and nothing is named');
  for (const [path, item] of after) {
    const may = known.get(path.replace('.away', '')) ?? [];
    const isOne = may.some((one) => one.content === item.content && sameTime(one.mtime, item.mtime, 'us'));
    if (item.type === 'file' && !isOne) wrong.push(`${path} is no content of its time`);
  }
  for (const path of Object.keys(smallTree())) {
    const isChanged = path === change.path || path.startsWith(`${change.path}/`);
    if (!isChanged && !after.has(path) && !covered(names, path)) wrong.push(`${path} is missing, and nobody says so`);
  }
  return wrong;
}

function covered(names: Map<string, string>, path: string): boolean {
  return [...names.keys()].some((name) => name === path || name === '' || path.startsWith(`${name}/`));
}
