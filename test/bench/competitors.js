// Who is measured, how each is called, and which of them this machine has. A call is (source, destination) => argv;
// the destination does not exist yet, and gets the contents of the source.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cpSync = `require('node:fs').cpSync(process.argv[1], process.argv[2], {
  recursive: true, preserveTimestamps: true, verbatimSymlinks: true })`;

/** pcopy with its defaults, or what PCOPY_BENCH_COMMAND names. `options` stand before the paths. */
export function pcopy(jobs) {
  const command = process.env.PCOPY_BENCH_COMMAND;
  if (command === undefined) {
    const built = join(root, 'bin/pcopy.js');
    return (source, destination, options = []) => [
      process.execPath,
      built,
      ...options,
      source,
      destination,
      '-j',
      String(jobs),
    ];
  }
  const words = command.split(/\s+/).filter(Boolean);
  const placed = words.some((word) => /\{src\}|\{dst\}/.test(word));
  return (source, destination, options = []) => {
    const argv = words.flatMap((word) =>
      word === '{options}'
        ? options
        : [word.replace('{src}', source).replace('{dst}', destination).replace('{jobs}', String(jobs))],
    );
    return placed ? argv : [...argv, ...options, source, destination, '-j', String(jobs)];
  };
}

/** Why pcopy cannot be run yet, or undefined. */
export function pcopyMissing() {
  if (process.env.PCOPY_BENCH_COMMAND !== undefined || existsSync(join(root, 'dist/main.cjs'))) return undefined;
  return 'pcopy is not built: run npm run build first, or set PCOPY_BENCH_COMMAND';
}

/**
 * The competitors by name, each `{ argv, env }` or `{ missing }` with the reason. `scratch` is a directory that they
 * may use for files of their own.
 */
export function competitors(jobs, scratch) {
  const cpy = process.env.PCOPY_BENCH_CPY ?? firstExisting([join(root, 'node_modules/.bin/cpy'), inPath('cpy')]);
  const limit = process.env.PCOPY_BENCH_LIMIT;
  return {
    'cp -a': ifFound('cp', (from, to) => ['cp', '-a', from, to]),
    'cp -r': ifFound('cp', (from, to) => ['cp', '-r', from, to]),
    'rsync -a': ifFound('rsync', (from, to) => ['rsync', '-a', `${from}/`, to]),
    'rclone copy': {
      ...ifFound('rclone', (from, to) => ['rclone', 'copy', '--links', from, to]),
      env: { RCLONE_CONFIG: join(scratch, 'rclone.conf') },
    },
    fpsync: ifFound('fpsync', (from, to) => [
      'fpsync',
      '-n',
      String(jobs),
      '-t',
      join(scratch, 'fpsync'),
      `${from}/`,
      `${to}/`,
    ]),
    'cpy-cli': cpy
      ? { argv: (from, to) => [cpy, '.', to, `--cwd=${from}`, '--dot'] }
      : { missing: 'cpy is neither in node_modules nor in PATH, and PCOPY_BENCH_CPY is not set' },
    'fs.cpSync': { argv: (from, to) => [process.execPath, '-e', cpSync, from, to] },
    limit: limit
      ? { argv: (from, to) => [limit, from, to, String(jobs)] }
      : { missing: 'PCOPY_BENCH_LIMIT names no compiled reference' },
    'node -e 0': { argv: () => [process.execPath, '-e', '0'] },
  };
}

function ifFound(program, argv) {
  return inPath(program) ? { argv } : { missing: `${program} is not installed` };
}

/** Where the program is, or undefined. */
export function inPath(program) {
  return firstExisting((process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, program)));
}

function firstExisting(paths) {
  return paths.find((path) => {
    if (!path) return false;
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
