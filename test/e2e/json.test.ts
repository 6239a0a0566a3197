import { expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { type Argument, expectExit, overBothDrivers, pcopy, type RunOptions } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { fifo, file, plant, symlink } from '../support/tree.ts';

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

overBothDrivers((driver) => {
  needs('python3')('one object a line, start first, end last, with totals and the exit code', async () => {
    const top = temp();
    plant(`${top}/src`, { 'a/b': file('content'), l: symlink('a'), pipe: fifo(), 'bad\xff\n': file('x') });
    const lines = await events([`${top}/src`, `${top}/dst`], 0, { driver });
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
});
