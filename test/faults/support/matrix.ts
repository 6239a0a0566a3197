import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Item, survey } from '../../support/compare.ts';
import { mountTmpfs } from '../../support/mounts.ts';
import { type Driver, type Finished, pcopy } from '../../support/run.ts';
import type { Tree } from '../../support/tree.ts';
import { plantOld, plantSource, smallTree } from './scene.ts';
import { type Call, callsIn, straceWorkers } from './strace.ts';
import { judge } from './verdict.ts';

/** `FAULTS=full`: every error of every call at every position, an hour. Otherwise a few errors of each call, once each. */
export const FULL = process.env.FAULTS === 'full';

export interface Setting {
  driver: Driver;
  /** A name for the report. */
  name: string;
  options: readonly string[];
  /** Only these calls are of interest; default: all that were seen. */
  calls?: readonly string[];
  /** Of these calls every one that is made fails in its turn: their failures may not be forgiven anywhere. */
  each?: readonly string[];
  /** Errors of each call that are tried when not all are. Default 3. */
  errors?: number;
  tree?: () => Tree;
  jobs?: number;
}

/** The `at`-th call of this name that touches one of the two trees fails with this error, once or for good. */
export interface Cell {
  call: string;
  at: number;
  /** Which call of this name that was, in a run without faults. */
  ordinal: number;
  error: string;
  forever: boolean;
}

/** Without these for good a process cannot even end. */
const NODE_LIVES_ON = ['openat', 'close', 'ioctl'];

const ANY = ['EIO', 'EACCES', 'EPERM', 'ENOMEM', 'ESTALE', 'EINTR'];
const MAKING = ['ENOSPC', 'EDQUOT', 'EROFS', 'ENOENT'];

/** What the manual pages let each call fail with. */
const ERRORS: Record<string, readonly string[]> = {
  openat: [...ANY, ...MAKING, 'EMFILE', 'ENFILE', 'ELOOP', 'ENXIO'],
  read: ['EIO', 'EINTR', 'ENOMEM', 'ESTALE', 'EISDIR'],
  pread64: ['EIO', 'EINTR', 'ENOMEM', 'ESTALE'],
  write: ['EIO', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EINTR', 'ENOMEM', 'EPERM', 'ESTALE'],
  pwrite64: ['EIO', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EINTR', 'ENOMEM', 'ESTALE'],
  link: [...ANY, ...MAKING, 'EMLINK', 'EXDEV'],
  rename: [...ANY, ...MAKING, 'EBUSY', 'EXDEV'],
  mkdir: [...ANY, ...MAKING, 'EMLINK'],
  rmdir: [...ANY, 'EBUSY', 'ENOTEMPTY', 'EROFS'],
  symlink: [...ANY, ...MAKING],
  unlink: ['EIO', 'EACCES', 'EPERM', 'EBUSY', 'EROFS', 'ESTALE'],
  utimensat: [...ANY, 'EROFS'],
  chmod: [...ANY, 'EROFS'],
  chown: [...ANY, 'EROFS', 'EDQUOT'],
  stat: ['EIO', 'EACCES', 'ENOMEM', 'ESTALE', 'ENOENT', 'EINTR'],
  readlink: ['EIO', 'EACCES', 'ENOMEM', 'EINVAL', 'ENOENT'],
  getdents64: ['EIO', 'ENOMEM', 'ENOENT', 'ESTALE'],
  close: ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR'],
  fsync: ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'EINTR'],
  ftruncate: ['EIO', 'EFBIG', 'EINTR', 'EPERM', 'EINVAL', 'ENOSPC'],
  lseek: ['EIO', 'EINVAL', 'ESPIPE'],
  ioctl: ['EIO', 'ENOSPC', 'EDQUOT', 'EOPNOTSUPP', 'EXDEV', 'ETXTBSY'],
  getxattr: ['EIO', 'ENOTSUP', 'ERANGE', 'EACCES', 'ENODATA'],
  setxattr: ['EIO', 'ENOSPC', 'EDQUOT', 'ENOTSUP', 'EPERM', 'E2BIG'],
};

const ALIKE: Record<string, string> = {
  linkat: 'link',
  renameat: 'rename',
  renameat2: 'rename',
  mkdirat: 'mkdir',
  symlinkat: 'symlink',
  unlinkat: 'unlink',
  readlinkat: 'readlink',
  fchmod: 'chmod',
  fchmodat: 'chmod',
  fchmodat2: 'chmod',
  fchown: 'chown',
  fchownat: 'chown',
  lchown: 'chown',
  statx: 'stat',
  fstat: 'stat',
  newfstatat: 'stat',
  lstat: 'stat',
  flistxattr: 'getxattr',
  fgetxattr: 'getxattr',
  listxattr: 'getxattr',
  fsetxattr: 'setxattr',
  fremovexattr: 'setxattr',
  removexattr: 'setxattr',
};

export interface Report {
  cells: number;
  calls: number;
  exits: Record<string, number>;
  problems: string[];
}

/** Every cell of one setting, some at a time. `top` is a directory of its own. */
export async function runMatrix(top: string, setting: Setting): Promise<Report> {
  const source = plantSource(`${top}/src`, (setting.tree ?? smallTree)());
  const quiet = await runCell({ top, place: mountTmpfs(), setting, machine: '' }, source, null);
  const machine = /\.pcopy-n-([0-9a-f]{8})-/.exec(quiet.calls.map(({ text }) => text).join())?.[1] ?? '';
  if (quiet.problems.length > 0) return { cells: 0, calls: 0, exits: {}, problems: quiet.problems };
  const cells = cellsFor(quiet.calls, setting);
  const report: Report = {
    cells: cells.length,
    calls: new Set(cells.map(({ call }) => call)).size,
    exits: {},
    problems: [],
  };
  const queue = [...cells];
  const lane = async (place: string): Promise<void> => {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      const { problems, exit } = await runCell({ top, place, setting, machine }, source, cell);
      report.exits[exit] = (report.exits[exit] ?? 0) + 1;
      const { call, at, error, forever } = cell;
      const label = `${setting.driver} ${setting.name}: ${call} #${at}${forever ? '+' : ''} ${error}`;
      report.problems.push(...problems.map((problem) => `${label}: ${problem}`));
    }
  };
  // File systems of their own, so that nobody else makes inodes there: see `contentPaths`.
  await Promise.all([mountTmpfs(), mountTmpfs(), mountTmpfs()].map(lane));
  const after = survey(`${top}/src`);
  for (const [path, item] of source) {
    const is = after.get(path);
    if (is?.content !== item.content || is.mtime !== item.mtime || is.mode !== item.mode) {
      report.problems.push(`the source was changed: ${path}`);
    }
  }
  return report;
}

// Each error once, at positions that go round, so that every position is hit by something.
function cellsFor(calls: readonly Call[], setting: Setting): Cell[] {
  const cells: Cell[] = [];
  for (const call of new Set(calls.map(({ name }) => name))) {
    if (setting.calls && !setting.calls.includes(call)) continue;
    const ordinals = calls.filter(({ name }) => name === call).map(({ ordinal }) => ordinal);
    const count = ordinals.length;
    const cell = (error: string, at: number, forever: boolean): Cell => {
      return { call, at, ordinal: ordinals[at - 1] ?? at, error, forever };
    };
    const all = ERRORS[ALIKE[call] ?? call] ?? ANY;
    const wanted = FULL ? all.length : Math.min(setting.errors ?? 3, all.length);
    const errors = Array.from(
      { length: wanted },
      (_, index) => all[Math.floor((index * all.length) / wanted)] ?? 'EIO',
    );
    const positions = Array.from({ length: count }, (_, index) => index + 1);
    if (setting.each?.includes(call)) for (const at of positions) cells.push(cell('EIO', at, false));
    if (FULL) {
      for (const error of errors)
        for (const at of positions) cells.push(cell(error, at, at % 4 === 0 && lasts(call, error)));
    } else {
      const step = Math.max(1, Math.floor(count / errors.length));
      for (const [index, error] of errors.entries()) {
        cells.push(cell(error, ((index * step) % count) + 1, index % 4 === 3 && lasts(call, error)));
      }
    }
  }
  return cells;
}

// A signal interrupts one call, not all of them.
function lasts(call: string, error: string): boolean {
  return !NODE_LIVES_ON.includes(call) && error !== 'EINTR';
}

interface Outcome {
  calls: Call[];
  problems: string[];
  exit: string;
}

/** Where a cell runs, and how. */
interface Lane {
  top: string;
  place: string;
  setting: Setting;
  machine: string;
}

async function runCell(lane: Lane, source: Map<string, Item>, cell: Cell | null): Promise<Outcome> {
  const { top, place, setting } = lane;
  const destination = `${place}/dst`;
  const traces = `${place}/traces`;
  const from = `${top}/src`;
  // A worker's calls before its work vary by a few from run to run: when the fault missed the trees, aim again.
  let shift = 0;
  for (let tries = 0; ; tries++) {
    rmSync(destination, { recursive: true, force: true });
    rmSync(traces, { recursive: true, force: true });
    mkdirSync(traces);
    plantOld(destination);
    const before = survey(destination);
    const byPath = cell !== null && ON_CHANNELS_TOO.includes(cell.call);
    const paths = byPath ? contentPaths(lane) : [];
    const when = byPath ? cell.at : (cell?.ordinal ?? 0) + shift;
    const result = await run(lane, cell, when, paths);
    if (typeof result === 'string') return { calls: [], problems: [result], exit: 'hang' };
    const calls = callsIn(traces);
    const inTrees = calls.filter((call) => touches(call, from, destination));
    if (cell !== null) {
      const hit = calls.find((call) => call.injected);
      const wanted = inTrees.filter((call) => call.name === cell.call)[cell.at - 1];
      const isHit = setting.jobs ? hit !== undefined && inTrees.includes(hit) : hit?.ordinal === wanted?.ordinal;
      if (!byPath && hit !== undefined && !isHit && tries < 4) {
        shift = wanted === undefined ? shift + 2 : wanted.ordinal - cell.ordinal;
        continue;
      }
      if (hit === undefined) return { calls, problems: [], exit: 'missed' };
    }
    const inPlace = setting.options.includes('--no-atomic');
    const deletes = setting.options.includes('--delete');
    const problems = judge(result, { source, before, from, destination, inPlace, deletes });
    if (cell !== null) problems.push(...judgeStop(cell, result));
    if (cell !== null && setting.each?.includes(cell.call) && result.code === 0) problems.push('it was forgiven');
    const said = problems.length > 0 ? [`(${result.stderr.trim().replaceAll('\n', ' | ')})`] : [];
    return { calls: inTrees, problems: problems.map((p) => [p, ...said].join(' ')), exit: String(result.code) };
  }
}

/** Node talks to the parent by these as well, in an order that varies: they are told apart by path. */
const ON_CHANNELS_TOO = ['read', 'write'];

/** The names of all contents that a run can have open: the source's files, and files without a name or with a temporary one. */
function contentPaths({ top, place, setting, machine }: Lane): string[] {
  const sources = Object.keys((setting.tree ?? smallTree)()).map((path) => `${top}/src/${path}`);
  writeFileSync(`${place}/probe`, '');
  const next = statSync(`${place}/probe`).ino + 1;
  rmSync(`${place}/probe`);
  const written = Array.from({ length: 40 }, (_, index) =>
    setting.driver === 'libc' ? `#${next + index}` : `.pcopy-n-${machine}-$PPID-${'0'.repeat(16)}-$$-${index}.tmp`,
  );
  return [...sources, ...['d', 'e'].flatMap((dir) => written.map((name) => `${place}/dst/${dir}/${name}`))];
}

async function run(
  { top, place, setting }: Lane,
  cell: Cell | null,
  when: number,
  paths: readonly string[],
): Promise<Finished | string> {
  const tamper = cell ? [`${cell.call}:error=${cell.error}:when=${when}${cell.forever ? '+' : ''}`] : [];
  const { env } = straceWorkers(`${place}/traces`, tamper, paths);
  try {
    const args = [`${top}/src`, `${place}/dst`, '-j', String(setting.jobs ?? 1), ...setting.options];
    return await pcopy(args, { driver: setting.driver, env, timeoutMs: 60_000 });
  } catch (error) {
    return String(error);
  }
}

// A full destination is no failure of one file: the run stops, whoever noticed it.
function judgeStop(cell: Cell, { code, stderr }: Finished): string[] {
  const full = stderr.split('\n').some((line) => line.includes('/dst') && /\((ENOSPC|EDQUOT)\)$/.test(line));
  if (full && code !== 4) return [`full, but exit ${code}`];
  if (code === 4 && !full && !/worker/.test(stderr)) return [`stopped for ${cell.error}`];
  return [];
}

function touches(call: Call, ...roots: string[]): boolean {
  return (
    roots.some((root) => call.text.includes(`<${root}`) || call.text.includes(`"${root}`)) ||
    /"\/proc\/self\/fd\/\d+\//.test(call.text)
  );
}

/** The report as a line of a table. */
export function tableLine(setting: Setting, report: Report): string {
  const exits = Object.entries(report.exits)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([exit, count]) => `exit ${exit}: ${count}`)
    .join(', ');
  return `| ${setting.driver} | ${setting.name} | ${report.calls} calls | ${report.cells} cells | ${exits} | ${report.problems.length} wrong |`;
}
