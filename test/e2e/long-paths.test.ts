import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { copy, overBothDrivers } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

/** Goes down step by step: no single call takes a path that long. */
const MAKE = `
import os, sys
os.chdir(sys.argv[1])
for i in range(60):
    name = str(i) + "n" * 200
    os.mkdir(name)
    os.chdir(name)
    with open("file", "w") as file:
        file.write("level %d" % i)
    os.utime("file", ns=(10**18, 10**18 + i))
os.symlink("x", "link at the end")
`;

/** Names, types, modes, whole seconds and contents, whatever the length of the paths. */
function tar(top: string): string {
  const options = ['--sort=name', '--format=posix', '--pax-option=delete=atime,delete=ctime'];
  return execFileSync('sh', ['-c', `tar -C "$1" ${options.join(' ')} -c a | sha256sum`, 'sh', top], {
    encoding: 'utf8',
  });
}

overBothDrivers((driver) => {
  needs('python3', 'tar')('paths three times as long as PATH_MAX', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/file': file('x') });
    execFileSync('python3', ['-c', MAKE, `${top}/src/a`]);
    await copy([`${top}/src`, `${top}/dst`, '-j', '2'], { driver });
    if (driver === 'libc') expect(tar(`${top}/dst`)).toBe(tar(`${top}/src`));
    const count = (dir: string) => execFileSync('sh', ['-c', 'find "$1" | wc -l', 'sh', dir], { encoding: 'utf8' });
    expect(count(`${top}/dst`)).toBe(count(`${top}/src`));
  });
});
