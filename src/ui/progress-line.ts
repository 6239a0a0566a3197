import type { Reading, WorkerView } from '../api/events.ts';
import { printable } from '../api/names.ts';
import { bytes, bytesPair, clock, count, percent, rate } from './format.ts';
import { truncateEnd, truncateStart, width } from './width.ts';

/** The characters of the bar. */
export interface Glyphs {
  done: string;
  left: string;
  /** Stands where text was cut. */
  cut: string;
}

export const ASCII: Glyphs = { done: '=', left: '-', cut: '...' };
export const BLOCKS: Glyphs = { done: '█', left: '░', cut: '…' };

/** Blocks where the locale says that the terminal understands UTF-8, else ASCII. */
export function glyphsFor(env: NodeJS.ProcessEnv): Glyphs {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale) ? BLOCKS : ASCII;
}

const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;
/** A worker with a file that reports nothing for this long is shown as stalled. */
export const STALLED_MS = 10_000;

/** The line of the whole run in at most `cells`; what does not fit is left out, the least important part first. */
export function overallLine(reading: Reading, cells: number, glyphs: Glyphs): string {
  const head = (reading.fraction === null ? '--%' : percent(reading.fraction)).padStart(4);
  const parts = partsOf(reading);
  let tail = inOrder(parts, '  ');
  const room = () => cells - width(head) - ' []'.length - width(tail);
  if (room() < NARROWEST_BAR) tail = inOrder(parts, ' ');
  for (const key of LEAST_WANTED) {
    if (room() >= NARROWEST_BAR) break;
    parts[key] = '';
    tail = inOrder(parts, ' ');
  }
  const inner = Math.min(WIDEST_BAR, room());
  return inner < 1 ? truncateEnd(head.trimStart(), cells) : `${head} [${bar(reading, inner, glyphs)}]${tail}`;
}

/** The same numbers in words, for a log. */
export function logLine(reading: Reading): string {
  const { fraction, stalledMs, ended, growing } = reading;
  const { files, bytes, rate, elapsed, left, failed } = partsOf(reading);
  const what = fraction === null ? 'listing' : percent(fraction);
  const eta = ended || growing ? '' : left;
  const end = stalledMs > 0 ? `stalled for ${clock(stalledMs)}` : eta;
  return [what, files, bytes, rate, `${elapsed} elapsed`, end, failed].filter((part) => part !== '').join(', ');
}

/** One worker and its current file. */
export function workerLine(worker: WorkerView, cells: number, glyphs: Glyphs): string {
  const head = `${String(worker.index + 1).padStart(3)} `;
  if (worker.path === '') return truncateEnd(`${head}idle`, cells);
  const share = worker.size > 0 ? percent(worker.done / worker.size) : '';
  const part = worker.part === undefined ? '' : `  part ${worker.part.number} of ${worker.part.of}`;
  const size = part || (worker.size > 0 ? `  ${bytes(worker.size)}` : '');
  const silent = worker.silentMs >= STALLED_MS ? `  silent for ${clock(worker.silentMs)}` : '';
  const tail = cells >= 60 ? size + silent : silent;
  const start = `${head}${share.padStart(4)} `;
  const room = cells - width(start) - width(tail);
  if (room < 8) return truncateEnd(start + printable(worker.path), cells);
  return start + truncateStart(printable(worker.path), room, glyphs.cut) + tail;
}

type Part = 'files' | 'bytes' | 'rate' | 'elapsed' | 'left' | 'failed';

/** The order in which a narrow terminal omits them. */
const LEAST_WANTED: readonly Part[] = ['elapsed', 'rate', 'failed', 'files', 'bytes', 'left'];

function partsOf(reading: Reading): Record<Part, string> {
  const { files, filesTotal, growing, bytesTotal } = reading;
  return {
    files: `${count(files)}/${count(filesTotal)}${growing ? '+' : ''} files`,
    bytes: bytesTotal === null ? bytes(reading.bytes) : bytesPair(reading.bytes, bytesTotal, growing),
    rate: rate(reading.bytesPerSecond),
    elapsed: clock(reading.elapsedMs),
    left: leftOf(reading),
    failed: reading.failed > 0 ? `${count(reading.failed)} failed` : '',
  };
}

function inOrder(parts: Record<Part, string>, gap: string): string {
  return Object.values(parts)
    .filter((text) => text !== '')
    .map((text) => gap + text)
    .join('');
}

function leftOf({ ended, growing, etaMs, stalledMs }: Reading): string {
  if (ended) return '';
  if (stalledMs > 0) return `stalled ${clock(stalledMs)}`;
  if (growing) return 'listing';
  return etaMs === null ? 'ETA ?' : `ETA ${clock(etaMs)}`;
}

/** While the totals grow, a mark moves to and fro, as wget shows an unknown size. */
function bar(reading: Reading, cells: number, glyphs: Glyphs): string {
  if (reading.fraction === null) {
    const span = Math.max(1, cells - 3);
    const step = Math.floor(reading.elapsedMs / 200) % (2 * span);
    const at = Math.min(step < span ? step : 2 * span - step, Math.max(0, cells - 3));
    return `${' '.repeat(at)}<=>${' '.repeat(cells)}`.slice(0, cells);
  }
  const full = Math.floor(reading.fraction * cells);
  return glyphs.done.repeat(full) + glyphs.left.repeat(cells - full);
}
