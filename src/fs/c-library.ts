// The only file that knows koffi.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

// Required when this module is first used, not imported: in a bundle of one file an import would run at the start, also on
// platforms without koffi's binary, which use the node driver.
const koffi = binaryBesideKoffi() ?? (createRequire(import.meta.url)('koffi') as typeof import('koffi'));
// The symbols of the running process: works with glibc and musl.
const library = koffi.load(null);

/**
 * The package of koffi's binary, which has all that is used here: koffi looks for it through several files, which takes as long as the
 * rest of a worker's own code to load. Null where the two are not installed side by side.
 */
function binaryBesideKoffi(): typeof import('koffi') | null {
  const load = createRequire(import.meta.url);
  try {
    const binary = load.resolve(`@koromix/koffi-${process.platform}-${process.arch}`);
    return existsSync(`${dirname(binary)}/../../koffi`) ? load(binary) : null;
  } catch {
    return null; // koffi says what is wrong.
  }
}

/** A function of the C library by its prototype. Throws when the library lacks it. */
export function call<Args extends readonly unknown[], Result = number>(prototype: string): (...args: Args) => Result {
  return library.func(prototype) as unknown as (...args: Args) => Result;
}

/** The same, or null when the library lacks it. */
export function callIfThere<Args extends readonly unknown[]>(prototype: string): ((...args: Args) => number) | null {
  try {
    return call<Args>(prototype);
  } catch {
    return null;
  }
}

/** The same in a thread of libuv's pool; `errno` is not valid for it. */
export function callAsync<Args extends readonly unknown[]>(prototype: string): (...args: Args) => Promise<number> {
  const { async: begin } = library.func(prototype);
  return (...args) =>
    new Promise((resolve, reject) => {
      begin(...args, (error: unknown, result: number) => (error == null ? resolve(result) : reject(error)));
    });
}

export const errno = (): number => koffi.errno();

let lastBuffer: Buffer | null = null;
let lastAddress = 0;

/** The fixed address of a Buffer's memory; valid as long as the Buffer is held. Copies use one, whose address is looked up once. */
export function addressOf(buffer: Buffer): number {
  if (buffer !== lastBuffer) {
    lastBuffer = buffer;
    lastAddress = Number(koffi.address(buffer));
  }
  return lastAddress;
}

/** The memory at an address, for the life of this process. */
export const viewOf = (address: bigint, bytes: number): ArrayBuffer => koffi.view(address, bytes);
