// What a process of the toolkit runs, `dist/child.js`: the child runtime, with every type of shared object and a way to end with
// its parent. The copier's workers have an entry of their own, which needs neither.
import { boot, startAfter } from './process/child.ts';
import { hostFactory } from './process/object-factory.ts';
import './process/register-types.ts';

if (boot.role === 'manager') hostFactory(boot.address);
startAfter(endWithParent());

/** Measured from start to join: the kernel's signal, for which koffi is loaded, adds a twentieth to the processor time; the thread a seventh. */
async function endWithParent(): Promise<void> {
  try {
    const { killWithParent } = await import('./fs/parent-death.ts');
    killWithParent();
  } catch {
    const { watchParent } = await import('./process/parent-watch.ts');
    watchParent(boot.parent);
  }
  // It may have died before anybody watched.
  if (process.ppid !== boot.parent) process.exit(1);
}
