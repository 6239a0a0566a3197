import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { copy } from '../support/run.ts';
import { temp } from '../support/temp.ts';

const DEPTH = 600;

/** Far beyond PATH_MAX: nothing of it can be made or looked at by its path. */
const script = (top: string, body: string): string => `import os
os.makedirs('${top}', exist_ok=True)
fd = os.open('${top}', os.O_RDONLY)
for i in range(${DEPTH}):
    ${body}
    inner = os.open('some directory', os.O_RDONLY, dir_fd=fd)
    os.close(fd)
    fd = inner
`;

function python(text: string): string {
  const { stdout, stderr, status } = spawnSync('python3', ['-c', text], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

needs('python3', 'prlimit')(
  `a tree ${DEPTH} directories deep is copied with few descriptors, with a file on each level`,
  async () => {
    const top = temp();
    const make =
      "os.mkdir('some directory', dir_fd=fd); os.close(os.open('file', os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=fd))";
    python(script(`${top}/src`, make));
    await copy([`${top}/src`, `${top}/dst`, '-j', '2'], { prefix: ['prlimit', '--nofile=64'] });
    python(script(`${top}/dst`, "assert sorted(os.listdir(fd)) == ['file', 'some directory']"));
    await copy([`${top}/src`, `${top}/dst`, '--delete', '--exclude', '**/*.none']);
    spawnSync('rm', ['-rf', `${top}/src`, `${top}/dst`]);
  },
);
