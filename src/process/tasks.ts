import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { shown } from './arguments.ts';
import type { Target } from './protocol.ts';

/** A function that another process can find: an exported function of a module. */
export interface Task<Args extends unknown[], Result> extends Target {
  /** Only for the compiler: carries the types. Never set. */
  readonly signature?: (...args: Args) => Result;
}

/** What a task is made of where a function was passed, or nothing at all. */
const IDIOM = "task(import.meta.url, 'name')";

/**
 * Names a function for use in another process. `task<typeof resize>(url, 'resize')` takes the types from the function,
 * `task<[path: string], number>(url, 'size')` states them. Throws TypeError for a module that a child could not find.
 *
 * @param module URL or absolute path of the (built) module, such as `new URL('./worker.js', import.meta.url)`.
 * @param name the name it is exported under. Its result may be a promise.
 */
export function task(module: URL | string, name: string): Task<unknown[], unknown>;
export function task<Function extends (...args: never[]) => unknown>(
  module: URL | string,
  name: string,
): Task<Parameters<Function>, Awaited<ReturnType<Function>>>;
export function task<Args extends unknown[], Result = unknown>(module: URL | string, name: string): Task<Args, Result>;
export function task(module: URL | string, name: string): Task<unknown[], unknown> {
  if (typeof name !== 'string') throw new TypeError(`expected ${IDIOM}, not ${shown(name)} as the name`);
  return { module: moduleUrl(module), name };
}

/** A relative module would be looked for beside this file, in the child: wherever the caller is. */
function moduleUrl(module: unknown): string {
  const url = typeof module === 'string' && isAbsolute(module) ? pathToFileURL(module).href : String(module);
  if (/\/\[(eval\d*|stdin)\]$/.test(url)) {
    throw new TypeError(
      'a program from -e or stdin cannot be imported by another process: put the function into a file',
    );
  }
  if ((module instanceof URL || typeof module === 'string') && URL.canParse(url)) return url;
  const how = "import.meta.url, new URL('./tasks.js', import.meta.url) or an absolute path";
  throw new TypeError(`a task's module must be a URL: ${how}, not ${shown(module)}`);
}

/** Throws TypeError where something else was passed, most likely the function itself. */
export function checkTask(task: unknown): asserts task is Target {
  const { module, name } = (task ?? {}) as Partial<Target>;
  if (typeof module === 'string' && typeof name === 'string' && typeof task === 'object') return;
  throw new TypeError(`expected a task, such as ${IDIOM}, not ${shown(task)}`);
}

/** As `checkTask`, and for arguments that are no array. */
export function checkCall(task: unknown, args: unknown): void {
  checkTask(task);
  if (!Array.isArray(args)) throw new TypeError(`expected an array of the task's arguments, not ${shown(args)}`);
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

const importing = new Set<string>();

/** Imports a module. While that lasts, `moduleBeingImported` names it. */
export async function importModule(url: string): Promise<Record<string, unknown>> {
  importing.add(url);
  try {
    return await import(url);
  } finally {
    importing.delete(url);
  }
}

/** What is being imported for a task: what starts a process now is the module itself, and would do so in each child. */
export function moduleBeingImported(): string | undefined {
  return importing.values().next().value;
}

/** The function itself. Throws TypeError when the module has no such export, and what its import throws. */
export async function load(target: Target): Promise<AnyFunction> {
  const key = `${target.module}#${target.name}`;
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const module = await importModule(target.module);
  const found = module[target.name];
  if (typeof found !== 'function') {
    throw new TypeError(`${target.module} exports no function '${target.name}'`);
  }
  loaded.set(key, found as AnyFunction);
  return found as AnyFunction;
}
