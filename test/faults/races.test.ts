import { spawn } from 'node:child_process';
import { expect, onTestFinished } from 'vitest';
import { survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant, type Tree } from '../support/tree.ts';
import { FULL } from './support/matrix.ts';

/** How long each attacker has, in milliseconds; never fewer than four runs. */
const LASTS = FULL ? 60_000 : 3_000;

/**
 * Swaps, as fast as it can, directories and files of a tree with links to the same names outside, whole parents too, in one
 * step each (RENAME_EXCHANGE) and in two.
 */
const ATTACK = `
import ctypes, os, sys
top, outside = sys.argv[1:]
libc = ctypes.CDLL(None)
def exchange(a, b):
    return libc.renameat2(-100, a.encode(), -100, b.encode(), 2) == 0
os.chdir(top)
places = ["p", "p/q", "p/q/r", "p/q/r/f0", "p/q/f1", "p/f2", "s", "s/f3"]
trap = os.path.dirname(top) + "/traps"
os.makedirs(trap, exist_ok=True)
traps = []
for i, place in enumerate(places):
    os.symlink(outside + "/" + place, f"{trap}/{i}")
while True:
    for i, place in enumerate(places):
        # Back only what was put there: else the link stays, and what comes next is done to the outside, by us.
        if exchange(place, f"{trap}/{i}"):
            exchange(place, f"{trap}/{i}")
    for place in ("p/q/r", "p/q", "p"):
        try:
            os.rename(place, "moved")
            os.symlink(outside + "/" + place, place)
            os.unlink(place)
            os.rename("moved", place)
        except OSError:
            pass
`;

function attack(top: string, outside: string): void {
  const child = spawn('python3', ['-c', ATTACK, top, outside], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
}

function tree(content: string): Tree {
  const entries: Tree = {};
  for (const dir of ['p', 'p/q', 'p/q/r', 's', 's/t']) {
    for (let i = 0; i < 8; i++) entries[`${dir}/f${i}`] = file(content);
  }
  return entries;
}

async function runs(once: (run: number) => Promise<void>): Promise<void> {
  const began = Date.now();
  for (let run = 0; run < 4 || Date.now() - began < LASTS; run++) await once(run);
}

overBothDrivers((driver) => {
  const limit = { timeout: 300_000 };

  needs('python3')('somebody swaps the source under us: no secret from outside comes in', limit, async () => {
    const top = temp();
    plant(`${top}/a/src`, tree('public'));
    plant(`${top}/outside`, tree('SECRET'));
    const secret = survey(`${top}/outside`).get('s/f3')?.content;
    attack(`${top}/a/src`, `${top}/outside`);
    let count = 0;
    await runs(async (run) => {
      const { code, stderr } = await pcopy(['-j', '2', `${top}/a/src`, `${top}/dst${run}`], { driver });
      expect([0, 1], stderr).toContain(code);
      const copied = [...survey(`${top}/dst${run}`).values()].filter(({ type }) => type === 'file');
      expect(copied.filter(({ content }) => content === secret)).toEqual([]);
      count += copied.length;
    });
    expect(count).toBeGreaterThan(0);
  });

  needs('python3')('somebody swaps the destination under us: nothing outside is touched', limit, async () => {
    const top = temp();
    plant(`${top}/src`, tree('new'));
    plant(`${top}/a/dst`, tree('old'));
    plant(`${top}/outside`, { ...tree('canary'), 'p/extra': file('canary'), 'p/q/extra': file('canary') });
    const before = survey(`${top}/outside`);
    attack(`${top}/a/dst`, `${top}/outside`);
    await runs(async (run) => {
      // --delete walks the destination, and what it removes must not be outside either.
      const options = run % 2 === 0 ? [] : ['--delete'];
      const { code, stderr } = await pcopy(['-j', '2', ...options, `${top}/src`, `${top}/a/dst`], { driver });
      expect([0, 1], stderr).toContain(code);
      const after = survey(`${top}/outside`);
      for (const item of [...before.values(), ...after.values()]) item.atime = 0n;
      expect(after).toEqual(before);
    });
  });
});
