import type { MachineView } from '../api/events.ts';
import type { Report } from '../protocol/report.ts';

/** A worker's current job, as far as its machine's line shows it. */
interface Current {
  machine: string | undefined;
  bytes: number;
  /** Milliseconds since it last reported; null: it is idle. */
  silentMs: number | null;
}

/** What each machine of a run with a broker has done. Empty in any other run. */
export class MachineCounts {
  private readonly done = new Map<string, { entries: number; bytes: number }>();

  get isEmpty(): boolean {
    return this.done.size === 0;
  }

  /** A machine is heard of; the first time counts. */
  join(name: string): { entries: number; bytes: number } {
    let machine = this.done.get(name);
    if (machine === undefined) {
      machine = { entries: 0, bytes: 0 };
      this.done.set(name, machine);
    }
    return machine;
  }

  /** @param bytes that the job has copied */
  record(report: Report, bytes: number): void {
    if (report.machine === undefined) return;
    const { files, directories, symlinks, hardlinks, special, unchanged, deleted } = report;
    const machine = this.join(report.machine);
    machine.entries += files + directories + symlinks + hardlinks + special + unchanged + deleted;
    machine.bytes += bytes;
  }

  /** Entries by the machine that was done with them. */
  entries(): Record<string, number> {
    return Object.fromEntries(Array.from(this.done, ([name, { entries }]) => [name, entries]));
  }

  views(current: readonly Current[]): MachineView[] {
    return Array.from(this.done, ([name, { entries, bytes }]) => {
      const own = current.filter(({ machine }) => machine === name);
      const silent = own.flatMap(({ silentMs }) => (silentMs === null ? [] : [silentMs]));
      return {
        name,
        working: silent.length,
        entries,
        bytes: own.reduce((sum, job) => sum + job.bytes, bytes),
        silentMs: silent.length === 0 ? 0 : Math.min(...silent),
      };
    });
  }
}
