import { hostname } from 'node:os';
import type { MachineReading } from '../api/events.ts';
import { fromText, printable } from '../api/names.ts';
import { bytes, clock, count, rate } from './format.ts';
import { type Glyphs, STALLED_MS } from './progress-line.ts';
import { truncateEnd, truncateStart, width } from './width.ts';

/** The name comes from the machine, by way of the broker, so it may hold anything. */
export function machineName(name: string): string {
  const isHere = name === `${hostname()}:${process.pid}`;
  return `${printable(fromText(name))}${isHere ? ' (here)' : ''}`;
}

/** Lines in columns, for a terminal. */
export function machineLines(machines: readonly MachineReading[], cells: number, glyphs: Glyphs): string[] {
  const names = machines.map(({ name }) => machineName(name));
  const widest = Math.max(0, ...names.map(width));
  return machines.map((machine, i) => {
    const [working, entries, copied, speed, ...silent] = partsOf(machine);
    const columns = [working.padStart(10), entries.padStart(14), copied.padStart(9), speed.padStart(11), ...silent];
    const tail = columns.join('  ');
    const room = Math.min(widest, cells - width(tail) - 2);
    const name = names[i] ?? '';
    if (room < 8 && room < widest) return truncateEnd(`  ${name}  ${partsOf(machine).join('  ')}`, cells);
    const shown = truncateStart(name, room, glyphs.cut);
    return `  ${shown}${' '.repeat(room - width(shown))}${tail}`;
  });
}

/** The same for a log. */
export function machineLogLine(machine: MachineReading): string {
  return `machine ${machineName(machine.name)}: ${partsOf(machine).join(', ')}`;
}

function partsOf(machine: MachineReading): [string, string, string, string, ...string[]] {
  const { working, entries, silentMs } = machine;
  return [
    `${count(working)} working`,
    `${count(entries)} entries`,
    bytes(machine.bytes),
    rate(machine.bytesPerSecond),
    ...(silentMs >= STALLED_MS ? [`silent for ${clock(silentMs)}`] : []),
  ];
}
