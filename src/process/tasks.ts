import type { Target } from './wire.ts';

/** A function that another process can find: an exported function of a module. */
export interface Task<Args extends unknown[], Result> extends Target {
  /** Only for the compiler: carries the types. Never set. */
  readonly signature?: (...args: Args) => Result;
}

/**
 * Names a function for use in another process.
 *
 * @param module URL of the (built) module, such as `new URL('./worker.js', import.meta.url)`.
 * @param name the name it is exported under. Its result may be a promise.
 */
export function task<Args extends unknown[] = [], Result = unknown>(
  module: URL | string,
  name: string,
): Task<Args, Result> {
  return { module: String(module), name };
}

type AnyFunction = (...args: readonly unknown[]) => unknown;
const loaded = new Map<string, AnyFunction>();

/**
 * For a child runtime that is bundled with its tasks: `module` then is any name that `task` is given too, and nothing is
 * left to import when the first task comes.
 */
export function provide(module: string, exports: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === 'function') loaded.set(`${module}#${name}`, value as AnyFunction);
  }
}

/** The function itself. Throws TypeError when the module has no such export, and what its import throws. */
export async function load(target: Target): Promise<AnyFunction> {
  const key = `${target.module}#${target.name}`;
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const module: Record<string, unknown> = await import(target.module);
  const found = module[target.name];
  if (typeof found !== 'function') {
    throw new TypeError(`${target.module} exports no function '${target.name}'`);
  }
  loaded.set(key, found as AnyFunction);
  return found as AnyFunction;
}
