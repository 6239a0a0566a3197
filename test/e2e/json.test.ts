import { appendFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { type Argument, expectExit, pcopy, type RunOptions, start, until } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { fifo, file, plant, symlink, type Tree } from '../support/tree.ts';
import { SLOW, slowFile } from './slow.ts';

type Line = Record<string, unknown> & { type: string };

async function events(args: Argument[], code: number, options: RunOptions): Promise<Line[]> {
  const { stdout } = expectExit(await pcopy(['--progress', 'json', ...args], options), code);
  expect(stdout.endsWith('\n')).toBe(true);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const carries = (line: Line | undefined, text: string) => JSON.stringify(line).includes(text);

// What the parent shows does not depend on the driver that its workers use.
describe.each(['libc'] as const)('driver %s', (driver) => {
  needs('python3')('one object a line, start first, end last, with totals and the exit code', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/b': file('content'), l: symlink('a'), pipe: fifo(), 'bad\xff\n': file('x') });
    const lines = await events(['-v', `${top}/src`, `${top}/dst`], 0, { driver });
    const types = new Set(lines.map(({ type }) => type));
    expect(lines[0]?.type).toBe('start');
    expect(lines.at(-1)?.type).toBe('end');
    expect(lines.filter(({ type }) => type === 'end' || type === 'start').length).toBe(2);
    for (const type of types)
      expect(['start', 'scan', 'progress', 'file', 'error', 'skip', 'warn', 'end']).toContain(type);
    expect(types).toContain('file');
    expect(types).toContain('skip');
    expect(JSON.stringify(lines.at(-1))).toMatch(/"exitCode":0/);
    expect(JSON.stringify(lines.at(-1))).toMatch(/"files":2/);
    expect(JSON.stringify(lines.at(-1))).toMatch(/"bytes":8/);
    const odd = lines.find((line) => line.type === 'file' && 'pathBase64' in line);
    expect(Buffer.from(String(odd?.pathBase64), 'base64').toString('latin1')).toMatch(/bad\xff\n$/);
    expect(
      carries(
        lines.find(({ type }) => type === 'skip'),
        'pipe',
      ),
    ).toBe(true);
  });

  test('errors, refusals and usage errors: the last line is always end', async () => {
    const top = temp();
    plant(`${top}/src`, { a: file('a'), b: file('b') });
    plant(`${top}/dst`, { 'a/kept': file('kept') });
    const failed = await events([`${top}/src`, `${top}/dst`], 1, { driver });
    const error = failed.find(({ type }) => type === 'error');
    expect(carries(error, '"a"')).toBe(true);
    expect(JSON.stringify(error)).toMatch(/"code":"E\w+"/);
    expect(JSON.stringify(failed.at(-1))).toMatch(/"type":"end".*"exitCode":1/);
    const refused = await events([`${top}/src`, `${top}/src/in`], 3, { driver });
    expect(refused.at(-1)?.type).toBe('end');
    expect(JSON.stringify(refused.at(-1))).toMatch(/"exitCode":3/);
  });

  test('the percentage of a whole run ends at 100', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/b': file('content'), c: file('') });
    for (const more of [[], ['-u'], ['--dry-run']]) {
      const lines = await events([`${top}/src`, `${top}/dst`, ...more], 0, { driver });
      expect(lines.filter(({ type }) => type === 'progress').at(-1)?.percent).toBe(100);
    }
    plant(`${top}/empty`, {});
    const lines = await events([`${top}/empty`, `${top}/dst2`], 0, { driver });
    expect(lines.filter(({ type }) => type === 'progress').at(-1)?.percent).toBe(100);
  });

  needs('python3')(
    'failed, skipped, vanished, unchanged and growing files: the percentage goes up to 100',
    async () => {
      const top = temp();
      const small: Tree = {};
      for (let i = 0; i < 600; i++) small[`a${i % 20}/${i}`] = file(`content ${i}`);
      const blocked = Object.fromEntries(
        Object.keys(small).map((path, i) => [i % 7 === 0 ? `${path}/in` : path, file('x')]),
      );
      plant(`${top}/src`, {
        ...small,
        big: slowFile(1 << 19),
        grows: slowFile(1 << 20),
        pipe: fifo(),
        'zz/gone': file('x'),
      });
      plant(`${top}/dst`, blocked);
      const run = start([`${top}/src`, `${top}/dst`, '--progress', 'json', '-n', '-j', '2', ...SLOW], { driver });
      await until(() => run.output().stdout.includes('"type":"progress"'), 'progress');
      appendFileSync(`${top}/src/grows`, Buffer.alloc(1 << 20));
      rmSync(`${top}/src/zz/gone`);
      const { stdout } = expectExit(await run.done, 1);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      const progress = lines.filter(({ type }) => type === 'progress');
      const percents: number[] = progress.map(({ percent }) => percent).filter((percent) => percent !== null);
      expect(progress.length).toBeGreaterThan(1);
      expect(percents).toEqual([...percents].sort((a, b) => a - b));
      expect(percents.slice(0, -1).every((percent) => percent < 100)).toBe(true);
      expect(percents.at(-1)).toBe(100);
      for (const { settled, found } of progress) expect(settled).toBeLessThanOrEqual(found.files);
      expect(lines.at(-1).totals).toMatchObject({ skipped: 1 });
      expect(lines.at(-1).totals.failed).toBeGreaterThan(80);
    },
  );
});
