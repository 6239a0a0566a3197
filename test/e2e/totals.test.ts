import { linkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectExit, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { file, plant } from '../support/tree.ts';

// More files than the listing asks for their sizes.
test('bytes of all that is settled are known at the end: copied, linked, unchanged, in a dry run', async () => {
  const root = temp();
  const files = Array.from({ length: 1100 }, (_, i) => [`d${i % 11}/f${i}`, file('x'.repeat(i % 7))] as const);
  plant(`${root}/source`, Object.fromEntries(files));
  linkSync(`${root}/source/d1/f1`, `${root}/source/d2/link`);
  const bytes = files.reduce((sum, _file, i) => sum + (i % 7), 0) + 1;
  for (const options of ['-j2', '-u', '--dry-run']) {
    const args = [`${root}/source`, `${root}/copy`, '--progress', 'json', '-j', '2', options];
    const { stdout } = expectExit(await pcopy(args), 0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const last = events.filter(({ type }) => type === 'progress').at(-1);
    expect(last).toMatchObject({ settled: 1101, settledBytes: bytes, found: { files: 1101, bytes, complete: true } });
  }
});
