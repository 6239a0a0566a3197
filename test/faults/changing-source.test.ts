import { linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Random } from '../support/random.ts';
import { DRIVERS, type Driver, ROOT, type Running, start, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { History, statesOf, writeBig } from './support/history.ts';
import { FULL } from './support/matrix.ts';
import { pause } from './support/moment.ts';
import { temporaryFiles } from './support/scene.ts';

// One law for a source that changes in every way while it is copied: each file at the destination is a state that its path
// really had at the source during the run, or what stood there before; nothing that was at the source all the time is
// missing or deleted; and exit code 0 says that nothing was missed.

interface Way {
  options: string[];
  /** How the run is asked for. Default: the source and the destination. */
  entry?: 'tree' | 'list' | 'retry' | 'file' | 'library';
  big?: boolean;
  /** What it copies. Default: everything. */
  selects?: RegExp;
}

const WAYS: Way[] = [
  { options: ['--delete'] },
  { options: ['-u', '--delete', '-L'] },
  { options: [], big: true },
  { options: ['--delete'], entry: 'retry', selects: /^(f0$|d0(\/|$)|d1\/f2$|d2\/e(\/|$))/ },
  { options: [], entry: 'library' },
  { options: ['-u'], entry: 'list' },
  { options: ['-u', '--delete'] },
  { options: ['-a', '--delete', '--exclude', 'd1'], selects: /^(?!d1(\/|$))/ },
  { options: ['--verify', '-L', '-u'] },
  { options: [], entry: 'file', selects: /^d0\/f1$/ },
  { options: ['-u', '--checksum'], big: true },
];

const RUNS = FULL ? 40 : 1;
/** Tried in every run of the suite. */
const SAMPLE = 6;

for (const [index, way] of WAYS.slice(0, FULL ? WAYS.length : SAMPLE).entries()) {
  const { options, entry = 'tree', big = false } = way;
  const name = [entry, ...options, ...(big ? ['with a big file'] : [])].join(' ');
  test(`a source that changes in every way: ${name}`, { timeout: 30_000 * RUNS }, async () => {
    for (let run = 0; run < RUNS; run++) {
      const seed = 1000 * index + run;
      const driver = DRIVERS[(index + run) % 2] ?? 'libc';
      expect(await runOnce(way, driver, seed), `seed ${seed}, ${driver}`).toEqual([]);
    }
  });
}

/** @returns what breaks the law, a line each */
async function runOnce(way: Way, driver: Driver, seed: number): Promise<string[]> {
  const random = new Random(seed);
  const top = temp();
  const [source, destination] = [`${top}/src`, `${top}/dst`];
  plantTree(source, way.big === true, 1);
  plantTree(destination, false, 0);
  for (const extra of ['extra', 'd0/extra', 'd1/extra', 'gone/extra']) {
    mkdirSync(`${destination}/gone`, { recursive: true });
    writeFileSync(`${destination}/${extra}`, 'extra');
  }
  const follow = way.options.includes('-L');
  const before = statesOf(destination, false);
  const history = new History(source, `${top}/spare`, follow);
  const run = startWay(way, top, driver);
  let ended = false;
  const result = run.done.finally(() => {
    ended = true;
  });
  // Beginning at any moment of the run, from before its listing to its last step.
  await pause(60 + random.below(250));
  for (let left = 2 + random.below(10); left > 0 && !ended; left--) {
    history.change(random);
    await pause(random.below(40));
  }
  if (random.below(8) === 0 && !ended) {
    renameSync(source, `${top}/spare/source`);
    if (random.below(2) === 0) mkdirSync(source);
    history.done.push('rename the source');
  }
  const { code, signal, stderr } = await result;
  const wrong: string[] = [];
  // Without the source no further worker can begin: here the directory that the one file lies in changes too.
  const mayBeGone = way.entry === 'file' || history.done.includes('rename the source');
  const codes = mayBeGone ? [0, 1, 3, 4] : [0, 1];
  if (signal !== null || !codes.includes(code ?? -1)) wrong.push(`ended with ${code ?? signal}`);
  if (/unexpected|EPCOPY_INTERNAL|^ {4}at /m.test(stderr)) wrong.push('an error that nobody foresaw');
  wrong.push(...temporaryFiles(destination).map((path) => `left ${path}`));

  const after = statesOf(destination, false);
  for (const [path, state] of after) {
    const had = history.statesOf(path);
    if (state === before.get(path) || had.has(state)) continue;
    // A directory is made for what is in it.
    if (state !== 'directory') wrong.push(`${path} is what it never was: ${state.slice(0, 60)}`);
  }
  for (const path of history.constant()) {
    // What was a FIFO in its turn is skipped, and what has its place stays.
    const isSelected = (way.selects?.test(path) ?? true) && !history.statesOf(path).has('special');
    if (before.has(path) && !after.has(path)) wrong.push(`${path} was deleted`);
    else if (code === 0 && isSelected && !after.has(path)) wrong.push(`exit 0, but ${path} is missing`);
    else if (code === 0 && isSelected && !history.statesOf(path).has(after.get(path) ?? '')) {
      wrong.push(`exit 0, but ${path} is as it was before`);
    }
  }
  return wrong.length === 0 ? [] : [...wrong, ...history.done, `exit ${code}`, stderr.slice(0, 2000)];
}

function plantTree(root: string, big: boolean, version: number): void {
  // Of another size in each version: the kernel's clock may give both the same time.
  const content = (path: string): string => `${path} at ${version};`.repeat(1 + version + ((path.length * 37) % 400));
  for (const dir of ['', 'd0', 'd1', 'd1/e', 'd2', 'd2/e', 'd2/e/g']) {
    mkdirSync(`${root}/${dir}`, { recursive: true });
    for (let i = 0; i < 4; i++) writeFileSync(`${root}/${dir}/f${i}`, content(`${dir}/f${i}`));
  }
  linkSync(`${root}/f0`, `${root}/d0/link1`);
  linkSync(`${root}/f0`, `${root}/d2/link2`);
  linkSync(`${root}/d1/f1`, `${root}/d1/link3`);
  symlinkSync('f1', `${root}/d0/to file`);
  symlinkSync('../d2/e', `${root}/d1/to directory`);
  if (big) writeBig(`${root}/big`, 'version 0');
}

function startWay({ options, entry = 'tree', big }: Way, top: string, driver: Driver): Running {
  // Few bytes a call: a run takes a while, and a file is caught in the middle.
  const slow = big ? ['--chunk-size', '4K', '--batch', '1'] : ['--chunk-size', '16', '--batch', '1'];
  const all = [...slow, '-j', '2', '--reflink', 'never', '--strict', ...options];
  const paths = [`${top}/src`, `${top}/dst`];
  switch (entry) {
    case 'tree':
      return start([...all, ...paths], { driver });
    case 'file':
      return start([...all, `${top}/src/d0/f1`, `${top}/dst/d0/f1`], { driver });
    case 'list': {
      const list = [...statesOf(`${top}/src`, false).keys()].join('\n');
      return start([...all, '--files-from', '-', ...paths], { driver, stdin: list });
    }
    case 'retry':
      writeFileSync(`${top}/log`, logOf(top, ['f0', 'd0', 'd1/f2', 'd2/e']));
      return start([...all, '--retry-from', `${top}/log`, ...paths], { driver });
    case 'library': {
      const program = `
        import { copyTree } from '${ROOT}/dist/index.js';
        const summary = await copyTree(${JSON.stringify(paths[0])}, ${JSON.stringify(paths[1])},
          { jobs: 2, delete: true, chunkSize: 16, batch: 1, reflink: 'never' });
        process.exitCode = { complete: 0, incomplete: 1, refused: 3, stopped: 4 }[summary.outcome] ?? 9;`;
      return startCommand([process.execPath, '--input-type=module', '-e', program], { driver });
    }
    default:
      return entry satisfies never;
  }
}

/** The log of a run in which these failed. */
function logOf(top: string, failed: string[]): string {
  const lines = [
    { type: 'start', source: `${top}/src`, destination: `${top}/dst` },
    ...failed.map((path) => ({ type: 'error', path, action: 'read', code: 'EIO', message: 'x', side: 'source' })),
    { type: 'end', outcome: 'incomplete', exitCode: 1 },
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
