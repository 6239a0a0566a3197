import { describe } from 'vitest';
import { mountImage, mountTmpfs } from '../support/mounts.ts';
import { needs } from '../support/needs.ts';
import { oddTree } from '../support/odd-tree.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { copy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { plant } from '../support/tree.ts';

describe.each(['tmpfs', 'ext4', 'xfs', 'btrfs'] as const)('-a on %s', (type) => {
  const tools = type === 'tmpfs' ? [] : ['loop', `mkfs.${type}`];
  needs(
    'root',
    'python3',
    'rsync',
    ...tools,
  )('the odd tree within the file system, into it, and out of it', async () => {
    const at = type === 'tmpfs' ? mountTmpfs() : mountImage(type);
    const memory = temp();
    plant(`${at}/src`, oddTree({ seed: 2, privileged: true, attributes: true, special: true }));
    await copy(['-a', `${at}/src`, `${at}/dst`, '-j', '2'], { driver: 'libc' });
    expectRsyncSame(`${at}/src`, `${at}/dst`, { also: 'AX' });
    await copy(['-a', `${at}/src`, `${memory}/out`, '-j', '2'], { driver: 'libc' });
    expectRsyncSame(`${at}/src`, `${memory}/out`, { also: 'AX' });
    await copy(['-a', `${memory}/out`, `${at}/back`, '-j', '2'], { driver: 'libc' });
    expectRsyncSame(`${at}/src`, `${at}/back`, { also: 'AX' });
  });
});
