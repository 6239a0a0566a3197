import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** Runs a program that has to work. */
export function run(...[program = '', ...args]: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error ?? stderr}`);
  return stdout;
}

/** The file behind a file system of `mountImage`. */
export function imageOf(mount: string): string {
  return `${mount.slice(0, mount.lastIndexOf('/'))}/image`;
}

/** Takes the file system away, does something to its image, and brings it back. */
export function whileUnmounted(mount: string, act: (image: string) => void): void {
  run('umount', mount);
  act(imageOf(mount));
  run('mount', '-o', 'loop', imageOf(mount), mount);
}

/** Flips a bit wherever the image holds this text. @returns how often that was */
export function damage(image: string, text: string): number {
  const bytes = readFileSync(image);
  const fd = openSync(image, 'r+');
  let count = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    writeSync(fd, Buffer.of((bytes[at] ?? 0) ^ 1), 0, 1, at);
    count++;
  }
  closeSync(fd);
  return count;
}
