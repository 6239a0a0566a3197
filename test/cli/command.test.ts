import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { fromText } from '../../src/api/names.ts';
import { GROUPS } from '../../src/api/options-table.ts';
import { parseCommandLine } from '../../src/cli/command.ts';
import { COMMAND_OPTIONS } from '../../src/cli/command-options.ts';
import { refuseRemote } from '../../src/cli/remote-paths.ts';
import { temp } from '../support/temp.ts';

const parse = (...args: string[]) => parseCommandLine(args, () => '1.2.3');

function copy(...args: string[]) {
  const parsed = parse(...args);
  if (parsed.kind !== 'copy') throw new Error('not a copy');
  return parsed;
}

function complaint(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('no complaint');
}

describe('where options stand', () => {
  test.each([
    [['-j', '3', 'src', 'dest', '-u']],
    [['src', '-j3', '-u', 'dest']],
    [['src', 'dest', '--jobs=3', '--update']],
    [['-uj3', 'src', 'dest']],
    [['-j3', '-u', '--', 'src', 'dest']],
  ])('%j', (args) => {
    expect(copy(...args)).toMatchObject({ source: 'src', destination: 'dest', raw: { jobs: 3, update: true } });
  });

  test('-- makes paths of all that follows', () => {
    expect(copy('--', '-j', '--help')).toMatchObject({ source: '-j', destination: '--help' });
  });

  test('the last of two wins, lists add up', () => {
    const { raw } = copy('a', 'b', '-j1', '-j2', '--exclude', 'x', '--exclude=y', '--include', 'z');
    expect(raw).toMatchObject({ jobs: 2, exclude: ['x', 'y'], include: ['z'] });
  });
});

test('every option is read', () => {
  const { raw } = copy(
    ...['a', 'b', '--include=i', '--exclude=e', '--exclude-from=f', '--gitignore', '-0', '-L'],
    ...['-n', '-u', '--checksum', '-a', '--reflink=never', '--sparse=always', '--verify', '--manifest=m', '--fsync'],
    ...['--no-atomic', '--no-preflight', '--retries=0', '--max-errors=5', '--strict', '-j64', '--bwlimit=1M'],
    ...['--chunk-size=4K', '--batch=7', '--progress=none', '-v', '--files-from=l'],
  );
  expect(raw).toEqual({
    include: ['i'],
    exclude: ['e'],
    excludeFrom: ['f'],
    gitignore: true,
    filesFrom: 'l',
    null: true,
    dereference: true,
    clobber: false,
    update: true,
    checksum: true,
    archive: true,
    reflink: 'never',
    sparse: 'always',
    verify: true,
    manifest: 'm',
    fsync: true,
    atomic: false,
    preflight: false,
    retries: 0,
    maxErrors: 5,
    strict: true,
    jobs: 64,
    bwlimit: 1 << 20,
    chunkSize: 4096,
    batch: 7,
    progress: 'none',
    verbose: true,
  });
  expect(copy('a', 'b', '--delete', '--max-delete=3', '--dry-run', '-q', '--fail-fast').raw).toMatchObject({
    delete: true,
    maxDelete: 3,
    dryRun: true,
    quiet: true,
    failFast: true,
  });
});

describe('a complaint says which option, what it got and what it takes', () => {
  test.each([
    [['a'], "missing required argument 'destination'. It takes a source and a destination."],
    [['-t', 'a'], "missing required argument 'source'. It takes a source and a destination."],
    [
      ['a', 'b', '-j', '-1'],
      "option '-j, --jobs <n>' argument '-1' is invalid. It takes auto or a whole number from 1 to 64; 0 only with a broker.",
    ],
    [
      ['a', 'b', '-j'],
      "option '-j, --jobs <n>' argument missing. It takes auto or a whole number from 1 to 64; 0 only with a broker.",
    ],
    [['a', 'b', '--sparse'], "option '--sparse <when>' argument missing. It takes auto, always or never."],
    [['a', 'b', '--exlude=x'], "unknown option '--exlude=x' (Did you mean --exclude?)"],
    [['a', 'b', '--progres=json'], "unknown option '--progres=json' (Did you mean --progress?)"],
    [['a', 'b', '--threads=4'], "unknown option '--threads=4': the number of workers: -j <n>"],
    [['a', 'b', '--zzz=1'], "unknown option '--zzz=1'"],
    [['a', 'b', '--transfers=4'], "unknown option '--transfers=4': the number of workers: -j <n>"],
    [['a', 'b', '--del'], "unknown option '--del': to remove what is not in the source: --delete"],
    [
      ['a', 'b', '--update=none-fail'],
      "unknown option '--update=none-fail': cp's --update=older is --if-exists older, none is -n, none-fail is --if-exists error",
    ],
    [['a', 'b', '--verbos'], "unknown option '--verbos' (Did you mean --verbose?)"],
    [['a', 'b', '-5'], "unknown option '-5'"],
    [['a', 'b', '--checksum'], "option '--checksum' requires '--update'."],
    [['a', 'b', '-0'], "option '-0, --null' requires '--files-from'."],
    [['a', 'b', '--max-delete=1'], "option '--max-delete <n>' requires '--delete'."],
    [
      ['a', 'b', '-qv'],
      "option '-q, --quiet' cannot be used with '--verbose': one says nothing, the other everything.",
    ],
    [['', 'b'], "argument 'source' is empty. It takes a path."],
    [['a', ''], "argument 'destination' is empty. It takes a path."],
  ])('%j', (args, message) => expect(complaint(...args)).toBe(message));

  test('about a bundle that rsync and cp read in two ways; several paths are sources', () => {
    for (const bundle of ['-rt', '-rtv', '-tv', '-aHt']) expect(complaint(bundle, 'a', 'b')).toMatch(/rsync's times/);
    expect(copy('a', 'b', 'c')).toMatchObject({ source: ['a', 'b'], destination: 'c' });
    expect(copy('a', '-tc')).toMatchObject({ source: ['a'], destination: 'c' });
  });

  test('combinations that cannot be', () => {
    expect(complaint('a', 'b', '--delete', '--files-from', 'x')).toContain('all that is not listed would be removed');
    expect(complaint('a', 'b', '--dry-run', '--manifest', 'x')).toContain('--dry-run');
    expect(complaint('a', 'b', '--fail-fast', '--max-errors', '2')).toContain('--max-errors 1');
  });

  test('on one line, whatever the argument holds', () => {
    const message = complaint('a', 'b', fromText('--\x1b[31mé\n'));
    expect(message).toMatch(/^unknown option '--\\e\[31mé/);
    expect(message).not.toMatch(/[\x00-\x1f]/);
  });
});

describe('what is printed', () => {
  test('the version', () => {
    expect(parse('-V')).toEqual({ kind: 'print', text: '1.2.3\n' });
    expect(parse('a', '--version')).toEqual({ kind: 'print', text: '1.2.3\n' });
  });

  test.each([40, 50, 60, 71, 72, 80, 100])('the help on %d columns folds between words', (columns) => {
    const parsed = parseCommandLine(['--help'], () => '', columns);
    const text = parsed.kind === 'print' ? parsed.text : '';
    const lines = text.split('\n');
    // One line cannot be folded: how the command is used.
    for (const line of lines.filter((l) => !l.startsWith('Usage:')))
      expect(line.length, line).toBeLessThanOrEqual(columns);
    const words = (whole: string) => whole.split(/\s+/).filter((word) => word !== '');
    const wide = parseCommandLine(['--help'], () => '', 100);
    expect(words(text)).toEqual(words(wide.kind === 'print' ? wide.text : ''));
  });

  test('the help: every group, every option once, within 80 columns', () => {
    const help = parse('--help');
    const text = help.kind === 'print' ? help.text : '';
    for (const heading of Object.values(GROUPS)) expect(text.split(`\n${heading}\n`)).toHaveLength(2);
    for (const { flags } of COMMAND_OPTIONS)
      expect(text.split(new RegExp(`^ +${flags}  `, 'm')), flags).toHaveLength(2);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text).toContain('  -h, --help');
    expect(text.endsWith('\n')).toBe(true);
  });

  test('help and version need no paths and forgive what else is wrong', () => {
    expect(parse('-h').kind).toBe('print');
    expect(parse('--nonsense', '-h').kind).toBe('print');
    expect(parse('a', '-h').kind).toBe('print');
  });

  test('neither stands beside two paths, where -h would mean sizes for people', () => {
    expect(complaint('-avh', 'a', 'b')).toBe("option '-h, --help' cannot be used with paths; nothing was copied.");
    expect(complaint('a', 'b', '--version')).toContain('cannot be used with paths');
  });
});

describe('habits of other programs', () => {
  test.each([
    ...['-r', '-R', '-rf', '-av', '-avP', '--recursive', '--force', '-y', '--overwrite', '-T', '--no-target-directory'],
    ...['-H', '--hard-links', '-W', '--whole-file', '-E', '-U', '--links', '--times', '--human-readable'],
    ...['-aHAX', '-ap', '-aog', '-aD'],
  ])('%s is accepted: it is done anyway', (option) =>
    expect(copy(option, 'a', 'b')).toMatchObject({ source: 'a', destination: 'b' }),
  );

  test('what takes -a is not done without', () => {
    for (const option of ['-p', '-HA', '--xattrs', '--owner', '-D']) {
      expect(complaint(option, 'a', 'b')).toMatch(/^unknown option '.*': .* with -a$/);
    }
  });

  test('what contradicts another option is not done anyway', () => {
    expect(complaint('-yn', 'a', 'b')).toContain('--no-clobber');
    expect(complaint('--overwrite', '--if-exists=skip', 'a', 'b')).toContain('--if-exists');
    expect(complaint('-T', '-t', 'b', 'a')).toContain('--target-directory');
    expect(complaint('-t', 'b', '-T', 'a')).toContain('--target-directory');
    expect(complaint('-T', 'a', 'b', 'c')).toContain('several sources');
  });

  test('-T with a file and a directory, which it would be copied into', () => {
    const dir = temp();
    writeFileSync(`${dir}/file`, '');
    expect(complaint('-T', `${dir}/file`, dir)).toContain('is a directory');
    expect(copy('-T', dir, dir)).toMatchObject({ source: dir });
    expect(copy('-T', `${dir}/file`, `${dir}/new`)).toMatchObject({ destination: `${dir}/new` });
  });

  test('--progress before two paths is the bar', () => {
    expect(copy('--progress', 'src', 'dest')).toMatchObject({ source: 'src', raw: { progress: 'auto' } });
    expect(copy('--progress', '-a', 'src', 'dest').raw).toMatchObject({ progress: 'auto', archive: true });
    expect(copy('--progress', 'json', 'src', 'dest').raw.progress).toBe('json');
    expect(complaint('--progress', 'jsn', 'src', 'dest')).toContain("argument 'jsn' is invalid");
  });

  test.each([
    ['/MIR', '-u --delete'],
    ['/e', 'anyway'],
    ['/MT:8', '-j <n>'],
    ['/XD', "--exclude '**/name'"],
    ['/R:3', '--retries <n>'],
    ['/L', '--dry-run'],
    ['/COPYALL', '-a'],
    ['/LOG:file', '2> file'],
  ])('%s of robocopy names what does the same: %s', (option, instead) => {
    expect(complaint('src', 'dest', option)).toContain(`'${option}' is an option of robocopy: `);
    expect(complaint('src', 'dest', option)).toContain(instead);
  });

  test('-n with --delete names the dry run', () => {
    expect(complaint('-avn', '--delete', 'a', 'b')).toContain('--dry-run');
  });

  test.each(['s3://b/x', 'host:path', 'user@host:/p', 'rsync://h/m', 'host::module'])(
    '%s is no folder to be made',
    (path) => {
      expect(complaint('src', path)).toBe(
        `'${path}' looks like a path on another machine. pcopy copies what is mounted here; use rsync or rclone, or write './${path}' for a local path.`,
      );
      expect(complaint(path, 'dest')).toContain('another machine');
      expect(copy(`./${path}`, 'dest').source).toBe(`./${path}`);
    },
  );

  test('a path that exists is meant as it stands, and so is one with a colon further on', () => {
    const dir = temp();
    const name = `${dir}/x:y`;
    expect(copy(name, 'dest').source).toBe(name);
    mkdirSync(`${dir}/z:w`);
    const before = process.cwd();
    process.chdir(dir);
    try {
      expect(copy('z:w', 'dest').source).toBe('z:w');
    } finally {
      process.chdir(before);
    }
  });

  test('drive letters are paths on Windows', () => {
    expect(() => refuseRemote('C:\\data', 'win32')).not.toThrow();
    expect(() => refuseRemote('C:\\data', 'linux')).toThrow(UsageError);
  });
});
