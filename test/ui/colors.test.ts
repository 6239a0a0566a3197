import { expect, test } from 'vitest';
import { colorWanted, palette } from '../../src/ui/colors.ts';

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ TERM: 'dumb' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '', NO_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: 'false' }, true, false],
])('%j on a terminal %s: %s', (env, isTerminal, wanted) => expect(colorWanted(env, isTerminal)).toBe(wanted));

test('off, nothing is added', () => {
  expect(palette(false).red('x')).toBe('x');
  expect(palette(true).red('x')).toBe('\x1b[31mx\x1b[39m');
});
