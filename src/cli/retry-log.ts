import { type Failure, isRemoval, pathsToRetry, UsageError } from '../api/errors.ts';
import type { CopyEvent, Outcome, StartEvent } from '../api/events.ts';
import { fromText, printable, type RawPath } from '../api/names.ts';
import type { JsonEvent, JsonStart } from '../ui/json-events.ts';

/** The failures of a run, from its `--progress json` output. */
export interface RetryLog {
  /** As the user named it. */
  name: RawPath;
  failures: Failure[];
  /** How the run ended; null when the log is truncated. */
  outcome: Outcome | null;
  start: JsonStart;
}

/** Longer than any event: a file without line feeds is not read into memory. */
const LONGEST_LINE = 16 << 20;

/**
 * Reads a log. Of several runs in it the last one counts. A truncated last line is that of a killed run.
 * @param relative converts a path to the listing's form; throws for one outside the source
 * @throws UsageError for what is not an event log, and for the log of a run that copied nothing
 */
export async function readRetryLog(
  name: RawPath,
  chunks: AsyncIterable<Buffer | string>,
  relative: (path: RawPath) => RawPath,
): Promise<RetryLog> {
  const reader = new LogReader(name, relative);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(Buffer.from(chunk), { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) reader.line(line);
    if (rest.length > LONGEST_LINE) reader.line(rest);
  }
  if (rest !== '') reader.lastLine(rest);
  return reader.end();
}

/** Warnings about the log, for the start of the new run. */
export function notesOn(log: RetryLog, start: StartEvent, deletes: boolean): Extract<CopyEvent, { type: 'warn' }>[] {
  const name = log.name === '-' ? 'the log' : printable(log.name);
  const notes: string[] = [];
  const [from, to] = [pathOf(log.start, 'source'), pathOf(log.start, 'destination')];
  if (from !== start.source || to !== start.destination) {
    notes.push(`${name} is of another copy, from ${printable(from)} to ${printable(to)}`);
  }
  const how = howItEnded(log.outcome);
  if (how !== null)
    notes.push(`${name} is incomplete, its run ${how}: all of the source is copied again (-u skips what is there)`);
  const removals = log.failures.some(isRemoval);
  if (removals && !deletes) {
    notes.push(`${name} names entries that could not be deleted: they are tried again with --delete`);
  }
  if (pathsToRetry(log.failures).size === 0 && !(removals && deletes)) {
    notes.push(`${name} names no entry that could not be copied: nothing to do`);
  }
  return notes.map((message) => ({ type: 'warn', path: '', code: 'EPCOPY_LOG', message }));
}

function howItEnded(outcome: Outcome | null): string | null {
  switch (outcome) {
    case null:
      return 'was killed or is still running';
    case 'stopped':
    case 'interrupted':
      return `was ${outcome}`;
    case 'complete':
    case 'incomplete':
    case 'refused':
      return null;
  }
}

/** For a run that was not completed: the entries it did not reach are unknown. */
const NOT_COME_TO: Failure = {
  path: '',
  action: 'copy',
  code: 'EPCOPY_LOG',
  message: 'the log is incomplete',
  side: 'source',
  subtree: true,
};

class LogReader {
  readonly #name: RawPath;
  readonly #relative: (path: RawPath) => RawPath;
  #failures: Failure[] = [];
  #outcome: Outcome | null = null;
  #start: JsonStart | undefined;
  #lines = 0;

  constructor(name: RawPath, relative: (path: RawPath) => RawPath) {
    this.#name = name;
    this.#relative = relative;
  }

  line(text: string): void {
    this.#lines++;
    if (text.trim() === '') return;
    const event = this.#parse(text);
    if (event === undefined) throw this.#unusable(`its line ${this.#lines} is not an event`);
    this.#take(event);
  }

  /** The last line without a line feed: complete, or truncated by a kill. */
  lastLine(text: string): void {
    if (this.#start === undefined || this.#parse(text) !== undefined) this.line(text);
    else this.#outcome = null;
  }

  end(): RetryLog {
    if (this.#outcome === 'refused') throw this.#unusable('its run was refused and copied nothing');
    if (this.#start === undefined) throw this.#unusable('it contains no event');
    if (this.#start.sources !== undefined) {
      throw this.#unusable('its run had several sources: give it again with -u, which skips what is there');
    }
    if (this.#start.dryRun) throw this.#unusable('its run was a dry run and copied nothing');
    if (howItEnded(this.#outcome) !== null) this.#failures.push(NOT_COME_TO);
    return {
      name: this.#name,
      failures: this.#failures,
      outcome: this.#outcome,
      start: this.#start,
    };
  }

  #parse(text: string): JsonEvent | undefined {
    try {
      const event: unknown = JSON.parse(text);
      return isEvent(event) ? event : undefined;
    } catch {
      return undefined;
    }
  }

  #take(event: JsonEvent): void {
    if (event.type === 'start') {
      this.#start = event;
      this.#failures = [];
      this.#outcome = null;
    } else if (event.type === 'end') this.#outcome = event.outcome;
    // A log may be joined from several runs' ends, but an event of a run comes after its start.
    else if (this.#start === undefined) throw this.#unusable(`its line ${this.#lines} comes before any start`);
    else if (event.type === 'error') {
      this.#failures.push({ ...event, path: this.#relative(pathOf(event, 'path')) });
    }
  }

  #unusable(why: string): UsageError {
    return new UsageError(
      `option '--retry-from' got '${printable(this.#name)}', but ${why}. It takes the output of --progress json.`,
    );
  }
}

const OUTCOMES: ReadonlySet<string> = new Set<Outcome>(['complete', 'incomplete', 'refused', 'stopped', 'interrupted']);

/** Checks the fields that are used. */
function isEvent(event: unknown): event is JsonEvent {
  if (typeof event !== 'object' || event === null) return false;
  const texts = { start: ['source', 'destination'], error: ['path', 'code', 'action', 'side'], end: ['outcome'] };
  const { type } = event as { type?: unknown };
  if (typeof type !== 'string') return false;
  const needed = Object.hasOwn(texts, type) ? texts[type as keyof typeof texts] : [];
  if (type === 'end' && !OUTCOMES.has(String(Reflect.get(event, 'outcome')))) return false;
  return needed.every((field) => typeof Reflect.get(event, field) === 'string');
}

/** The exact bytes, where the text is a lossy form of them. */
function pathOf(event: object, name: 'path' | 'source' | 'destination'): RawPath {
  const exact: unknown = Reflect.get(event, `${name}Base64`);
  if (typeof exact === 'string') return Buffer.from(exact, 'base64').toString('latin1');
  return fromText(String(Reflect.get(event, name)));
}
