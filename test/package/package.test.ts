import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { EXAMPLES } from '../../src/cli/man.ts';
import { LIBRARIES } from '../architecture/rooms.ts';
import { needs } from '../support/needs.ts';
import { ROOT } from '../support/run.ts';
import { removeTree } from '../support/temp.ts';
import { onEachNode } from './on-node.ts';
import { type Packed, packAndInstall } from './packed.ts';
import { blocksAfter } from './readme.ts';

let packed: Packed;

beforeAll(() => {
  packed = packAndInstall();
  writeFileSync(`${packed.project}/package.json`, '{ "type": "module", "private": true }\n');
}, 120_000);

afterAll(() => removeTree(packed.root));

describe('the tarball', () => {
  test('holds what is run, its types, its licences and its documents, and no sources', () => {
    const known = [
      /^(LICENSE|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|package\.json)$/,
      /^bin\/(pcopy\.js|package\.json)$/,
      /^dist\/(index|process|child|bullmq)\.js$/,
      /^dist\/(main|worker|index|process|child|bullmq)\.cjs$/,
      /^dist\/chunks\/[\w-]+\.c?js$/,
      /^dist\/chunks\/[\w-]+\.cjs\.v\d+\.\d+\.\d+-\w+$/,
      /^dist\/pcopy\.1$/,
      /^dist\/types(-cjs)?\/[\w/-]+\.d\.ts$/,
      /^dist\/types-cjs\/package\.json$/,
      /^dist\/THIRD-PARTY-LICENSES$/,
      /^src\/ui\/events\.schema\.json$/,
      /^src\/(process\/)?README\.md$/,
      /^\.github\/\w+\.svg$/,
    ];
    expect(packed.files.filter((file) => !known.some((pattern) => pattern.test(file)))).toEqual([]);
    expect(packed.files.length).toBeLessThan(160);
  });

  test('has every file that its manifest names', () => {
    const named =
      JSON.stringify([manifest.bin, manifest.man, manifest.main, manifest.types, manifest.exports]).match(
        /(bin|dist|src)\/[\w./-]+/g,
      ) ?? [];
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((file) => !packed.files.includes(file))).toEqual([]);
  });

  test('holds the licence of everything that is bundled', () => {
    const text = readFileSync(installed('dist/THIRD-PARTY-LICENSES'), 'utf8');
    for (const name of LIBRARIES) {
      if (name !== 'koffi') expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, 'm'));
    }
    expect(text.match(/^Permission (is hereby granted|to use)/gm)?.length).toBeGreaterThan(15);
  });

  test('brings what runs it and no more: the bundled libraries are not installed again, and npm builds nothing', () => {
    expect(manifest).not.toHaveProperty('dependencies');
    expect(Object.keys(manifest.optionalDependencies)).toEqual(['koffi']);
    const there = readdirSync(installed('node_modules'));
    expect(LIBRARIES.filter((name) => there.includes(name))).toEqual(['koffi']);
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });

  test.each([
    ['publint', ['--strict']],
    ['attw', ['--no-emoji', '--no-color']],
  ])('%s has nothing to say against it', (program, options) => {
    const { status, stdout, stderr } = run(`${ROOT}/node_modules/.bin/${program}`, [...options, packed.tarball], '/');
    expect(status, stdout + stderr).toBe(0);
  });

  test('is one toolkit and one engine, also for programs that require it', () => {
    const program = `
      const { copyTree, UsageError } = require('pcopy');
      const toolkit = require('pcopy/process');
      copyTree(${JSON.stringify(`${ROOT}/fixtures/tree`)}, 'required', { jobs: 2 }).then(async ({ outcome }) => {
        console.log(outcome, toolkit.Pool === (await import('pcopy/process')).Pool);
        await copyTree('a', 'b', { jobs: '2' }).catch((error) => console.log(error instanceof UsageError));
      });`;
    writeFileSync(`${packed.project}/required.cjs`, program);
    const { stdout, stderr } = run(process.execPath, ['required.cjs'], packed.project);
    expect([stdout, stderr]).toEqual(['complete true\ntrue\n', '']);
  });
});

describe('installed globally', () => {
  test('the command says its version', () => {
    expect(command('--version').stdout).toBe(`${manifest.version}\n`);
  });

  test('the man page is where man looks for it, and says the same version', () => {
    const page = readFileSync(`${packed.root}/global/share/man/man1/pcopy.1`, 'utf8');
    expect(page).toMatch(new RegExp(`^\\.TH PCOPY 1 .*"pcopy ${manifest.version}"`));
  });

  test('it copies, and koffi is found', () => {
    const { status, stdout } = command(`${ROOT}/fixtures/tree`, 'copied', '-j', '3', '--progress', 'json');
    expect(status).toBe(0);
    const driver =
      process.platform === 'linux' && !process.env.PCOPY_DRIVER ? 'libc' : (process.env.PCOPY_DRIVER ?? 'node');
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ type: 'start', driver });
    expect(spawnSync('diff', ['-r', `${ROOT}/fixtures/tree`, `${packed.project}/copied`]).status).toBe(0);
  });
});

describe('without koffi’s binary', () => {
  const modules = () => `${packed.root}/global/lib/node_modules/pcopy/node_modules`;

  test.runIf(process.platform === 'linux').each([
    ['its binary', '@koromix'],
    ['all of it', 'koffi'],
  ])('%s being gone, the node driver copies, and one sentence says so', (_what, name) => {
    renameSync(`${modules()}/${name}`, `${packed.root}/aside`);
    try {
      const { status, stderr } = command(`${ROOT}/fixtures/tree`, `without-${name}`, '-j', '2');
      expect(status, stderr).toBe(0);
      expect(stderr.match(/warning/g)).toHaveLength(1);
      expect(stderr).toContain('koffi does not load: the node driver is used');
      expect(stderr).not.toContain('Error');
      expect(spawnSync('diff', ['-r', `${ROOT}/fixtures/tree`, `${packed.project}/without-${name}`]).status).toBe(0);
    } finally {
      renameSync(`${packed.root}/aside`, `${modules()}/${name}`);
    }
  });
});

needs('bash')('the action takes the packed file, and builds nothing', () => {
  const env = {
    ...process.env,
    RUNNER_TEMP: packed.root,
    PCOPY_PACKAGE: packed.tarball,
    PCOPY_SOURCE: `${ROOT}/fixtures/tree`,
    PCOPY_DESTINATION: `${packed.root}/by-action`,
    PCOPY_OPTIONS: '',
  };
  const action = `${ROOT}/.github/actions/pcopy/run.sh`;
  const { status, stderr } = spawnSync(action, { env, encoding: 'utf8', timeout: 60_000 });
  expect(status, stderr).toBe(0);
  expect(existsSync(`${packed.root}/pcopy/node_modules/pcopy/dist/main.cjs`)).toBe(true);
  expect(existsSync(`${packed.root}/by-action/about.txt`)).toBe(true);
});

onEachNode(() => packed);

describe('the examples of the README', () => {
  needs(
    'bash',
    'git',
    'jq',
    'sha256sum',
  )('for a shell run as they stand, one after the other', () => {
    const here = sandbox('shell');
    for (const example of blocksAfter('tested: sh')) {
      const result = run('bash', ['-euo', 'pipefail', '-c', example], here);
      expect(result.status, `${example}\n${result.stderr}`).toBe(0);
    }
    expect(existsSync(`${here}/public/index.html`)).toBe(true);
    for (const absent of ['public/app.js.map', 'public/node_modules', 'code/index.html', 'tracked/node_modules']) {
      expect(existsSync(`${here}/${absent}`), absent).toBe(false);
    }
    expect(existsSync(`${here}/tracked/src/app.js`)).toBe(true);
    expect(readFileSync(`${here}/backup/first.jpg`, 'utf8')).toBe('one');
  });

  needs(
    'bash',
    'git',
    'jq',
  )('of the man page run as they stand, too', () => {
    const here = sandbox('man');
    for (const [what, example] of EXAMPLES) {
      const result = run('bash', ['-euo', 'pipefail', '-c', example], here);
      expect(result.status, `${what}\n${result.stderr}`).toBe(0);
    }
    expect(readdirSync(`${here}/public`).sort()).toEqual(['.git', '.gitignore', 'index.html', 'node_modules', 'src']);
    expect(readdirSync(`${here}/tracked`).sort()).toEqual(['.gitignore', 'app.js.map', 'index.html', 'src']);
    expect(readdirSync(`${here}/safe`).sort()).toEqual(['one.jpg', 'two.jpg']);
  });

  test('for Node run as they stand', () => {
    const here = sandbox('library');
    const outputs = blocksAfter('tested: js').map((example, n) => {
      writeFileSync(`${here}/example-${n}.js`, example);
      const result = run(process.execPath, [`example-${n}.js`], here);
      expect(result.status, `${example}\n${result.stderr}`).toBe(0);
      return result.stdout;
    });
    expect(outputs[0]).toContain('complete\n');
    expect(outputs[0]).toMatch(/^2 files, 6 bytes into .*backup$/m);
    expect(outputs.slice(1)).toEqual(['', 'c.txt\n']);
  });

  test('are what the published types say', () => {
    const here = sandbox('types');
    const programs = blocksAfter('tested: js').map((example, n) => {
      writeFileSync(`${here}/example-${n}.ts`, example);
      return `example-${n}.ts`;
    });
    writeFileSync(`${here}/event.ts`, EVENT);
    writeFileSync(`${here}/internal.ts`, INTERNAL);
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const result = run(`${ROOT}/node_modules/.bin/tsc`, [...options, ...programs, 'event.ts', 'internal.ts'], here);
    expect(result.stdout).toBe('');
    expect(result.status).toBe(0);
  });

  test('the types of the library need no others', () => {
    const here = sandbox('alone');
    writeFileSync(`${here}/alone.ts`, "export { copyTree } from 'pcopy';\n");
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', ''];
    expect(run(`${ROOT}/node_modules/.bin/tsc`, [...options, 'alone.ts'], here).stdout).toBe('');
  });
});

const EVENT = `
import type { JsonEvent } from 'pcopy';
import schema from 'pcopy/events.schema.json' with { type: 'json' };
export const codeOf = (line: string): number | null => {
  const event = JSON.parse(line) as JsonEvent;
  return event.type === 'end' ? event.exitCode : null;
};
export const title: string = schema.title;
`;

const INTERNAL = `
import { type CopyHooks } from 'pcopy';
import { List, Lock, PipeEnd, Queue } from 'pcopy/process';
new Queue<string>(5);
// @ts-expect-error: workers that are started early are the command's own affair
export const hooks: CopyHooks = { early: [] };
// @ts-expect-error: what a manager makes cannot be made without one
new List();
// @ts-expect-error: likewise
new Lock({ kind: 'lock', id: '', home: '' }, null);
// @ts-expect-error: pipe() makes both ends
new PipeEnd();
// @ts-expect-error: only the capacity is for users
new Queue(5, { kind: 'queue', id: '', home: '' }, null);
`;

/** The folders that the examples speak of. */
function sandbox(name: string): string {
  const here = `${packed.project}/${name}`;
  for (const dir of ['photos', 'site/src', 'site/node_modules']) mkdirSync(`${here}/${dir}`, { recursive: true });
  const files = {
    'photos/one.jpg': 'one',
    'photos/two.jpg': 'two',
    'site/index.html': '<p>',
    'site/app.js.map': '{}',
    'site/src/app.js': ';',
    'site/node_modules/big.js': ';',
    'site/.gitignore': 'node_modules\n',
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(`${here}/${file}`, text);
  run('git', ['init', '--quiet'], `${here}/site`);
  run('git', ['add', '--all'], `${here}/site`);
  return here;
}

function installed(file: string): string {
  return `${packed.project}/node_modules/pcopy/${file}`;
}

function command(...args: string[]): SpawnSyncReturns<string> {
  return run('pcopy', args, packed.project);
}

function run(program: string, args: string[], cwd: string): SpawnSyncReturns<string> {
  const env = { ...process.env, PATH: `${packed.bin}:${process.env.PATH}` };
  return spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 60_000 });
}
