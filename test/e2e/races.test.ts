import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';

/** Puts links to `outside` in the place of directories and files, and takes them away again, as fast as it can. */
const FLIP = `
import os, sys
top, outside = sys.argv[1:]
os.chdir(top)
for name in ("a", "b"):
    os.symlink(outside, name + ".link")
    os.symlink(outside + "/secret", name + "/file.link")
while True:
    for name in ("a", "b"):
        for path in (name, name + "/file"):
            try:
                os.rename(path, path + ".real")
                os.rename(path + ".link", path)
                os.rename(path, path + ".link")
                os.rename(path + ".real", path)
            except OSError:
                pass
`;

function flip(top: string, outside: string): ChildProcess {
  const child = spawn('python3', ['-c', FLIP, top, outside], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

function tree(content: string): Tree {
  const entries: Tree = {};
  for (const dir of ['a', 'b']) {
    entries[`${dir}/file`] = file(content);
    entries[`${dir}/secret`] = file(content);
    for (let i = 0; i < 50; i++) entries[`${dir}/sub/${i}`] = file(content);
  }
  return entries;
}

const RUNS = 6;

overBothDrivers((driver) => {
  needs('python3')(
    'a source that somebody turns into links while it is copied: nothing from outside comes in',
    async () => {
      const top = temp();
      plant(`${top}/src`, tree('public'));
      plant(`${top}/outside`, { secret: file('SECRET'), file: file('SECRET'), 'sub/0': file('SECRET') });
      flip(`${top}/src`, `${top}/outside`);
      for (let run = 0; run < RUNS; run++) {
        const { code, stderr } = await pcopy(['-j', '2', `${top}/src`, `${top}/dst${run}`], { driver });
        expect([0, 1], stderr).toContain(code);
        for (const [path, item] of survey(`${top}/dst${run}`)) {
          if (item.type === 'file') expect(readFileSync(`${top}/dst${run}/${path}`, 'utf8'), path).toBe('public');
        }
      }
    },
  );

  needs('python3')('a destination that somebody turns into links: nothing outside is written', async () => {
    const top = temp();
    plant(`${top}/src`, tree('new'));
    plant(`${top}/dst`, tree('old'));
    plant(`${top}/outside`, { secret: file('canary') });
    flip(`${top}/dst`, `${top}/outside`);
    for (let run = 0; run < RUNS; run++) {
      const { code, stderr } = await pcopy(['-j', '2', `${top}/src`, `${top}/dst`], { driver });
      expect([0, 1], stderr).toContain(code);
      expect(stderr).toMatch(/copied \d+ files/);
      expect(readFileSync(`${top}/outside/secret`, 'utf8')).toBe('canary');
      expect(readdirSync(`${top}/outside`)).toEqual(['secret']);
    }
  });
});
