import { endianness } from 'node:os';
import { UsageError } from '../api/errors.ts';
import type { FileSystem } from './file-system.ts';

const LIBC_PROCESSORS = ['x64', 'arm64', 'riscv64', 'loong64', 'ppc64'];

/**
 * The file-system driver of this process: `libc` where koffi loads, else `node`. The environment's
 * `PCOPY_DRIVER=node|libc` forces one; a forced `libc` that is not available throws.
 */
export async function openFileSystem(wanted = process.env.PCOPY_DRIVER ?? ''): Promise<FileSystem> {
  if (wanted !== '' && wanted !== 'node' && wanted !== 'libc') {
    throw new UsageError(`PCOPY_DRIVER: got '${wanted}', takes node or libc`);
  }
  if (wanted === 'libc' || (wanted === '' && libcFits())) {
    try {
      const { LibcFileSystem } = await import('./libc.ts');
      return new LibcFileSystem();
    } catch (error) {
      if (wanted === 'libc') throw new UsageError('PCOPY_DRIVER=libc: koffi does not load here', { cause: error });
    }
  }
  const { NodeFileSystem } = await import('./node.ts');
  return new NodeFileSystem();
}

function libcFits(): boolean {
  return process.platform === 'linux' && endianness() === 'LE' && LIBC_PROCESSORS.includes(process.arch);
}
