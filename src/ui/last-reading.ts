import type { CopyEvent, Reading, Totals, WorkerView } from '../api/events.ts';

/** The latest reading of a run, whose clocks continue between two readings. All reporters show this one. */
export class LastReading {
  totals: Totals | undefined;
  #reading: Reading = NOTHING_YET;
  #workers: readonly WorkerView[] = [];
  #at = performance.now();

  onEvent(event: CopyEvent): void {
    if (event.type === 'scan') {
      const { files, bytes, complete } = event.found;
      this.#reading = { ...this.#reading, filesTotal: files, bytesTotal: bytes, growing: !complete };
    }
    if (event.type !== 'progress') return;
    this.#reading = event.reading;
    this.#workers = event.snapshot.workers;
    this.totals = event.snapshot.totals;
    this.#at = performance.now();
  }

  now(): Reading {
    const { ended, elapsedMs, etaMs, stalledMs, machines } = this.#reading;
    const since = ended ? 0 : performance.now() - this.#at;
    return {
      ...this.#reading,
      elapsedMs: elapsedMs + since,
      etaMs: etaMs === null ? null : Math.max(0, etaMs - since),
      stalledMs: stalledMs === 0 ? 0 : stalledMs + since,
      ...(machines && {
        machines: machines.map((machine) =>
          machine.working === 0 ? machine : { ...machine, silentMs: machine.silentMs + since },
        ),
      }),
    };
  }

  workers(): WorkerView[] {
    const since = performance.now() - this.#at;
    return this.#workers.map((worker) =>
      worker.path === '' ? worker : { ...worker, silentMs: worker.silentMs + since },
    );
  }
}

const NOTHING_YET: Reading = {
  fraction: null,
  percent: null,
  growing: true,
  files: 0,
  filesTotal: 0,
  bytes: 0,
  bytesTotal: null,
  failed: 0,
  bytesPerSecond: 0,
  elapsedMs: 0,
  etaMs: null,
  stalledMs: 0,
  ended: false,
};
