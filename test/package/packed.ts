import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { ROOT } from '../support/run.ts';
import { makeTemp } from '../support/temp.ts';

/** The package as a user gets it. */
export interface Packed {
  /** The test's own directory, with all of this in it. */
  root: string;
  tarball: string;
  /** Paths in the tarball, without the leading `package/`. */
  files: string[];
  /** Where the global install put the command. */
  bin: string;
  /** A project that has the package installed. */
  project: string;
}

const COPIED = ['package.json', 'tsconfig.json', '.npmrc', 'README.md', 'LICENSE', 'CHANGELOG.md', 'bin', 'src'];

/**
 * Packs a copy of the sources, so that the build in this repository, which other tests run, is left alone; then installs
 * the tarball as `npm install --global` would, below a directory of its own. What `npm ci` has fetched is in npm's cache.
 */
export function packAndInstall(): Packed {
  const root = makeTemp({ on: 'disk' });
  const copy = `${root}/copy`;
  mkdirSync(copy);
  for (const entry of COPIED) cpSync(`${ROOT}/${entry}`, `${copy}/${entry}`, { recursive: true });
  symlinkSync(`${ROOT}/node_modules`, `${copy}/node_modules`);
  npm(copy, 'pack', '--pack-destination', root);
  const tarball = `${root}/pcopy-0.1.0.tgz`;
  const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' });
  npm(root, 'install', '--global', '--prefix', `${root}/global`, '--prefer-offline', '--ignore-scripts', tarball);
  const project = `${root}/project`;
  mkdirSync(`${project}/node_modules`, { recursive: true });
  symlinkSync(`${root}/global/lib/node_modules/pcopy`, `${project}/node_modules/pcopy`);
  symlinkSync(`${ROOT}/node_modules/@types`, `${project}/node_modules/@types`);
  const files = listed
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
  return { root, tarball, files, bin: `${root}/global/bin`, project };
}

function npm(cwd: string, ...args: string[]): void {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
}
