import { expect, test } from 'vitest';
import { modeWithoutAcl } from '../../src/worker/acl.ts';

const TAGS = { owner: 1, user: 2, group: 4, named: 8, mask: 16, other: 32 };

function acl(...entries: [keyof typeof TAGS, number][]): Buffer {
  const out = Buffer.alloc(4 + 8 * entries.length);
  out.writeUInt32LE(2, 0);
  entries.forEach(([tag, permissions], i) => {
    out.writeUInt16LE(TAGS[tag], 4 + 8 * i);
    out.writeUInt16LE(permissions, 6 + 8 * i);
    out.writeUInt32LE(1000 + i, 8 + 8 * i);
  });
  return out;
}

test('a mode without its ACL lets nobody do more', () => {
  const modes = (mode: number, ...entries: [keyof typeof TAGS, number][]): string =>
    modeWithoutAcl(mode, acl(['owner', mode >> 6], ...entries, ['other', mode & 7])).toString(8);
  // The group bits are the mask.
  expect(modes(0o660, ['user', 6], ['group', 0], ['mask', 6])).toBe('600');
  expect(modes(0o640, ['user', 4], ['group', 6], ['mask', 4])).toBe('640');
  // Who is named and may do less than all others would be one of them.
  expect(modes(0o775, ['user', 0], ['group', 5], ['mask', 7])).toBe('700');
  expect(modes(0o775, ['group', 5], ['named', 4], ['mask', 7])).toBe('754');
  // A mask alone is not for all others.
  expect(modes(0o705, ['group', 5], ['mask', 0])).toBe('705');
  expect(modeWithoutAcl(0o4775, acl(['group', 7])).toString(8)).toBe('4775');
  expect(modeWithoutAcl(0o775, null).toString(8)).toBe('700');
});
