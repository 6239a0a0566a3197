import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** Environment in which C functions take the place of the C library's: of a system that behaves in another way. */
export function preload(dir: string, code: string): { LD_PRELOAD: string } {
  writeFileSync(`${dir}/preload.c`, code);
  execFileSync('gcc', ['-shared', '-fPIC', '-o', `${dir}/preload.so`, `${dir}/preload.c`]);
  return { LD_PRELOAD: `${dir}/preload.so` };
}
