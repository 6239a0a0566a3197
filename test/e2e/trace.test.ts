import { lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { childrenOf, openFiles } from '../support/processes.ts';
import { copy, expectExit, overBothDrivers, pcopy, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';
import { SLOW, slowFile } from './slow.ts';

interface TraceEvent {
  ph: 'X' | 'C' | 'M';
  name: string;
  cat?: string;
  pid: number;
  tid?: number;
  ts?: number;
  dur?: number;
  args: Record<string, unknown>;
}

function read(path: string): TraceEvent[] {
  const { traceEvents } = JSON.parse(readFileSync(path, 'utf8')) as { traceEvents: TraceEvent[] };
  return traceEvents;
}

function lanes(events: readonly TraceEvent[]): Map<number | undefined, unknown> {
  return new Map(events.filter(({ name }) => name === 'thread_name').map(({ tid, args }) => [tid, args.name]));
}

overBothDrivers((driver) => {
  test('a trace has a lane for the listing and one for each worker, their spans one in the other, and counters', async () => {
    const top = temp();
    // Of each more than a millisecond, on any machine.
    plant(`${top}/src`, { 'a/b/one': slowFile(100_000), 'c/tw\xc3\xb6 "': slowFile(100_000), 'c/d': file('x') });
    await copy([...SLOW, 'src', 'dst', '--trace', 'out.json', '-j', '2'], { driver, cwd: top });
    const events = read(`${top}/out.json`);
    const spans = events.filter(({ ph }) => ph === 'X');
    for (const { ts, dur, tid, name } of spans) {
      expect([ts, dur, tid, name.length].every((n) => Number.isInteger(n))).toBe(true);
      expect(lanes(events).get(tid)).toMatch(/^(listing|worker [12]$)/);
    }
    expect([...lanes(events).values()]).toContain('listing');
    for (const path of ['a/b/one', 'c/tw\u00f6 "']) {
      const entry = spans.find(({ cat, args }) => cat === 'entry' && args.path === path);
      const { tid, ts = 0, dur = 0 } = entry ?? {};
      const around = spans.filter(
        (span) => span.tid === tid && (span.ts ?? 0) <= ts && (span.ts ?? 0) + (span.dur ?? 0) >= ts + dur,
      );
      expect(around.map(({ cat }) => cat).sort()).toEqual(['directory', 'entries', 'entry']);
    }
    const counters = events.filter(({ ph }) => ph === 'C').map(({ name }) => name);
    expect(new Set(counters)).toEqual(new Set(['jobs running', 'jobs waiting', 'workers']));
  });

  test('a run that fails, and one that is interrupted, leave a whole trace and nothing else', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a'), 'big/one': slowFile() });
    plant(`${top}/dst/a`, { kept: file('kept') });
    const args = [...SLOW, 'src', 'dst', '--trace', 'out.json', '-j', '2'];
    const run = start(args, { driver, cwd: top });
    const files = () => childrenOf(run.pid).flatMap(({ pid }) => openFiles(pid));
    await until(() => files().includes(`${top}/src/big/one`), 'the big file');
    process.kill(run.pid, 'SIGINT');
    expectExit(await run.done, 130);
    expect([...lanes(read(`${top}/out.json`)).values()]).toContain('listing');
    expect(readdirSync(top).sort()).toEqual(['dst', 'out.json', 'src']);
    plant(`${top}/src2`, { a: file('a') });
    expectExit(await pcopy(['src2', 'dst', '--trace', 'out.json'], { driver, cwd: top }), 1);
    expect(read(`${top}/out.json`).length).toBeGreaterThan(0);
  });

  test('a trace is put where a manifest may be, not through a link, and is kept by --delete', async () => {
    const top = temp();
    plant(top, { 'src/a': file('a'), victim: file('mine'), 'dst/gone': file('x') });
    symlinkSync(`${top}/victim`, `${top}/dst/trace`);
    await copy(['src', 'dst', '-u', '--delete', '--trace', 'dst/trace'], { driver, cwd: top });
    expect(lstatSync(`${top}/dst/trace`).isFile()).toBe(true);
    expect(readFileSync(`${top}/victim`, 'utf8')).toBe('mine');
    await copy(['src', 'dst', '-u', '--delete', '--trace', 'dst/trace'], { driver, cwd: top });
    expect(readdirSync(`${top}/dst`).sort()).toEqual(['a', 'trace']);
    const refused = async (...args: string[]) =>
      expectExit(await pcopy(['src', 'dst', '--trace', ...args], { driver, cwd: top }), 3).stderr;
    expect(await refused('src/trace')).toContain('the trace would be written into the source (EPCOPY_OVERLAP)');
    expect(await refused('dst/a')).toContain('the trace would take the place of a copy (EPCOPY_OVERLAP)');
    expect(await refused('dst')).toContain('the trace is a directory (EISDIR)');
    expect(await refused('none/trace')).toContain('cannot make the trace');
    expect(await refused('same', '--manifest', './same')).toContain('would take the place of the manifest');
    expect(readdirSync(top).sort()).toEqual(['dst', 'src', 'victim']);
  });

  needs('strace')('a directory that answers late is a span of the listing', async () => {
    const top = temp();
    plant(top, { 'src/late/a': file('a') });
    const prefix = ['strace', '-f', '-o', '/dev/null', '-e', 'inject=getdents64:delay_enter=5000'];
    await copy(['src', 'dst', '--trace', 'out.json', '-j', '1'], { driver, cwd: top, prefix });
    const events = read(`${top}/out.json`);
    const listing = events.filter(({ ph, tid }) => ph === 'X' && lanes(events).get(tid) === 'listing');
    expect(listing.map(({ args }) => args.path)).toEqual(['', 'late']);
    for (const { dur = 0 } of listing) expect(dur).toBeGreaterThanOrEqual(5000);
  });
});
