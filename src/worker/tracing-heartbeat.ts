import type { RawPath } from '../api/names.ts';
import type { Job } from '../protocol/jobs.ts';
import { monotonicMs } from '../protocol/monotonic-clock.ts';
import type { Report, Span } from '../protocol/report.ts';
import { Heartbeat } from './heartbeat.ts';

/** Milliseconds: shorter spans are not reported. */
const SHORTEST = 1;
/** Limit per job, reached only by jobs that delete or finish: others are handed back before. */
const MOST_SPANS = 2000;

/** A heartbeat that also records slow steps, used only when the run is traced. */
export class TracingHeartbeat extends Heartbeat {
  private spans: Span[] = [];
  private directory: RawPath | null = null;
  private directoryBegan = 0;
  private jobBegan = 0;
  /** End of the last entry, or of the work before the first one. */
  private mark = 0;

  override beginJob(): void {
    super.beginJob();
    this.jobBegan = monotonicMs();
    this.mark = this.jobBegan;
  }

  override beginDirectory(path: RawPath): void {
    this.endDirectory();
    this.directory = path;
    this.directoryBegan = this.mark;
  }

  override beginEntries(): void {
    this.mark = monotonicMs();
  }

  override endEntry(path: RawPath): number {
    const now = monotonicMs();
    this.add('entry', path, this.mark, now);
    this.mark = now;
    return super.endEntry(path);
  }

  override endJob(job: Job, report: Report): void {
    this.mark = monotonicMs();
    this.endDirectory();
    const path = job.kind === 'entries' ? '' : 'path' in job ? job.path : '';
    this.add(job.kind, path, this.jobBegan, this.mark);
    report.spans = this.spans;
    this.spans = [];
  }

  private endDirectory(): void {
    if (this.directory !== null) this.add('directory', this.directory, this.directoryBegan, this.mark);
    this.directory = null;
  }

  private add(what: Span['what'], path: RawPath, fromMs: number, toMs: number): void {
    if (toMs - fromMs >= SHORTEST && this.spans.length < MOST_SPANS) this.spans.push({ what, path, fromMs, toMs });
  }
}
