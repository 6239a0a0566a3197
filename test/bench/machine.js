import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { gigabytes } from './workspace.js';

/** What the numbers were measured on, for whoever reads them later. */
export function describeMachine(dir) {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: gigabytes(totalmem()),
    kernel: `Linux ${release()}`,
    node: process.version,
    directory: `${fileSystemOf(dir)} (${dir})`,
    loadAtStart: Number(loadavg()[0].toFixed(2)),
    versions: Object.fromEntries(
      [
        ['cp', ['cp', '--version']],
        ['rsync', ['rsync', '--version']],
        ['rclone', ['rclone', 'version']],
        ['fpart', ['fpart', '-V']],
      ].map(([name, argv]) => [name, firstLine(argv)]),
    ),
    date: new Date().toISOString(),
  };
}

/** One line of it. */
export function machineLine(machine) {
  const { processor, cores, memory, kernel, node, directory } = machine;
  return `${processor}, ${cores} cores, ${memory}, ${kernel}, Node ${node}, ${directory}`;
}

/** A warning when others are using the machine, or undefined. */
export function noise(machine) {
  if (machine.loadAtStart < machine.cores / 2) return undefined;
  return `the load average is ${machine.loadAtStart} on ${machine.cores} cores: these numbers will be noisy`;
}

// The mount with the longest path above the directory.
function fileSystemOf(dir) {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').trimEnd().split('\n');
  const above = mounts
    .map((line) => line.split(' '))
    .filter(([, at]) => dir === at || dir.startsWith(at === '/' ? '/' : `${at}/`));
  return above.sort((a, b) => b[1].length - a[1].length)[0]?.[2] ?? 'unknown';
}

// fpart prints its version to stderr.
function firstLine([program, ...args]) {
  const { error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return error ? 'not here' : (stdout || stderr).split('\n')[0];
}
