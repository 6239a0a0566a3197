import { describe, expect, test } from 'vitest';
import { fromText } from '../../src/api/names.ts';
import type { RawOptions } from '../../src/cli/command-options.ts';
import type { Lists } from '../../src/cli/lists.ts';
import { resolveView, toCopyOptions } from '../../src/cli/resolve.ts';

const NO_LISTS: Lists = { exclude: [], origins: new Map<string, string>(), filesFrom: undefined };
const view = (raw: RawOptions, stderrIsTerminal = false, env = {}) => resolveView(raw, { stderrIsTerminal, env });
const options = (raw: RawOptions, lists = NO_LISTS) => toCopyOptions(raw, lists, view({ progress: 'none', ...raw }));

describe('how a run is shown', () => {
  test.each([
    [{}, true, {}, 'bar'],
    [{}, false, {}, 'plain'],
    [{}, true, { TERM: 'dumb' }, 'plain'],
    [{ progress: 'bar' }, false, {}, 'plain'],
    [{ progress: 'bar' }, true, { TERM: 'dumb' }, 'plain'],
    [{ progress: 'plain' }, true, {}, 'plain'],
    [{ progress: 'none' }, true, {}, 'none'],
    [{ quiet: true }, true, {}, 'none'],
    [{ quiet: true, progress: 'bar' }, true, {}, 'bar'],
    [{ quiet: true, progress: 'json' }, true, {}, 'json'],
  ] as [RawOptions, boolean, NodeJS.ProcessEnv, string][])(
    '%j on a terminal %s with %j: %s',
    (raw, terminal, env, progress) => expect(view(raw, terminal, env).progress).toBe(progress),
  );

  test.each([
    [{}, 'none'],
    [{ verbose: true }, 'all'],
    [{ dryRun: true }, 'changes'],
    [{ dryRun: true, verbose: true }, 'all'],
    [{ dryRun: true, quiet: true }, 'none'],
    [{ dryRun: true, progress: 'json' }, 'changes'],
    [{ verbose: true, progress: 'json' }, 'all'],
  ] as [RawOptions, string][])('%j: a line for each entry: %s', (raw, lines) => expect(view(raw).lines).toBe(lines));
});

describe('what the engine is asked for', () => {
  test('nothing that was not given', () => expect(options({})).toEqual({}));

  test('flags that say no', () => {
    expect(options({ clobber: false, atomic: false, preflight: false })).toEqual({
      noClobber: true,
      atomic: false,
      preflight: false,
    });
    expect(options({ clobber: true, atomic: true, preflight: true })).toEqual({});
  });

  test('--fail-fast is the first error', () => expect(options({ failFast: true })).toEqual({ maxErrors: 1 }));

  test('patterns of the line and of files, as ordinary strings', () => {
    const lists = { exclude: ['b'], origins: new Map(), filesFrom: undefined };
    expect(options({ exclude: [fromText('é*')], include: ['a'] }, lists)).toEqual({
      exclude: ['é*', 'b'],
      include: ['a'],
    });
  });

  test('what cannot be an ordinary string is refused', () => {
    expect(() => options({ exclude: ['caf\xe9'] })).toThrow(
      "option '--exclude' got 'caf\\xe9'. It takes patterns in UTF-8",
    );
    expect(() => options({ manifest: 'caf\xe9' })).toThrow(
      "option '--manifest' got 'caf\\xe9'. It takes a path in UTF-8.",
    );
  });

  test('entries and sizes only for whom they are shown', () => {
    expect(options({ verbose: true })).toEqual({ entries: true });
    expect(options({ progress: 'json' })).toEqual({ sizes: true });
    expect(options({ progress: 'plain' })).toEqual({ sizes: 2000 });
    expect(options({ progress: 'json', verbose: true })).toEqual({ entries: true, sizes: true });
    expect(toCopyOptions({}, NO_LISTS, view({}, true))).toEqual({ sizes: true });
  });
});
