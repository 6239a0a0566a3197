// A folder copier on a pool of three. The real one is pcopy itself: `npx pcopy source destination`.
import { copyFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isMainProcess, Pool, task } from 'pcopy/process';

export function copyFile(source, destination) {
  copyFileSync(source, destination);
  return destination;
}

if (isMainProcess()) {
  const [source, destination] = process.argv.slice(2);
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const target = (entry) => join(destination, relative(source, entry.parentPath), entry.name);

  await mkdir(destination, { recursive: true });
  for (const entry of entries) if (entry.isDirectory()) await mkdir(target(entry), { recursive: true });

  const pool = new Pool(3);
  const copy = task(import.meta.url, 'copyFile');
  let done = 0;
  const callback = () => done++;
  const errorCallback = (error) => console.error(`copy-folder: ${error.message}`);
  for (const entry of entries.filter((each) => each.isFile())) {
    pool.applyAsync(copy, [join(entry.parentPath, entry.name), target(entry)], { callback, errorCallback });
  }
  pool.close();
  await pool.join();
  console.log(`${done} files copied`);
}
