import { fromText, type RawPath, splitPath, toText } from '../api/names.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import type { Span } from '../protocol/report.ts';
import { TextOutput } from './text-output.ts';

/** A row of the trace: a thread, in terms of the format. */
export interface Lane {
  id: number;
  name: string;
}

const LISTING: Lane = { id: 1, name: 'listing' };
const LISTING_WAITS: Lane = { id: 2, name: 'listing waits for workers' };
const FIRST_WORKER = 10;
/** Milliseconds: shorter spans would not be visible. */
const SHORTEST = 1;

/** Events of the parent; times are in milliseconds of the monotonic clock. */
export interface Tracing {
  /** A directory was listed, or waited for. */
  listed: (path: RawPath, fromMs: number) => void;
  /** The listing waited for room for a job. */
  waited: (fromMs: number) => void;
  /** So many jobs are given out, and there may be so many workers. */
  jobs: (jobs: number, workers: number) => void;
}

/**
 * The timeline of the run, as Chrome trace events (Trace Event Format: complete events, counters, metadata), which Perfetto and
 * DevTools open.
 */
export class Trace extends TextOutput {
  private readonly began = monotonicMs();
  private readonly named = new Set<number>();
  private isEmpty = true;

  job(worker: number, spans: readonly Span[]): void {
    for (const span of spans) this.span({ id: FIRST_WORKER + worker, name: `worker ${worker + 1}` }, span);
  }

  listed(path: RawPath, fromMs: number, toMs: number): void {
    this.span(LISTING, { what: 'directory', path, fromMs, toMs });
  }

  waited(fromMs: number, toMs: number): void {
    this.span(LISTING_WAITS, { what: 'wait', path: '', fromMs, toMs });
  }

  count(jobs: number, workers: number): void {
    const ts = this.microseconds(monotonicMs());
    this.event({ ph: 'C', name: 'jobs running', ts, args: { jobs: Math.min(jobs, workers) } });
    this.event({ ph: 'C', name: 'jobs waiting', ts, args: { jobs: Math.max(0, jobs - workers) } });
    this.event({ ph: 'C', name: 'workers', ts, args: { workers } });
  }

  override async finish(): Promise<void> {
    this.name(LISTING);
    this.write('\n]}\n');
    await super.finish();
  }

  private span(lane: Lane, { what, path, fromMs, toMs }: Span): void {
    if (toMs - fromMs < SHORTEST) return;
    this.name(lane);
    const [, name] = path === '' && what === 'directory' ? ['', '.'] : splitPath(path);
    const ts = this.microseconds(fromMs);
    const dur = this.microseconds(toMs) - ts;
    this.event({ ph: 'X', cat: what, name: toText(name) || what, tid: lane.id, ts, dur, args: { path: toText(path) } });
  }

  private name({ id, name }: Lane): void {
    if (this.named.has(id)) return;
    this.named.add(id);
    this.event({ ph: 'M', name: 'thread_name', tid: id, args: { name } });
    this.event({ ph: 'M', name: 'thread_sort_index', tid: id, args: { sort_index: id } });
  }

  private microseconds(ms: number): number {
    return Math.max(0, Math.round((ms - this.began) * 1000));
  }

  private event(event: object): void {
    const before = this.isEmpty ? '{"traceEvents":[\n' : ',\n';
    this.isEmpty = false;
    this.write(before + fromText(JSON.stringify({ pid: 1, ...event })));
  }
}
