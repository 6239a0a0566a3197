/**
 * Widths in terminal cells: a CJK character or an emoji takes two, a combining mark none. Where terminals differ (emoji
 * sequences) the larger number counts: a line may be cut early, but one that wraps breaks the bar.
 */

const COLOUR = /\x1b\[\d+m/g;
const ZERO = /^[\p{Mn}\p{Me}\u200b-\u200d\u2060\ufeff]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;
/** Turns the character before it into an emoji of two cells. */
const EMOJI_VARIATION = 0xfe0f;

/** East Asian Wide and Fullwidth blocks (Unicode 15, EastAsianWidth.txt), coarsely. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2fb],
  [0x1f200, 0x1f2ff],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
];

export function width(text: string): number {
  let cells = 0;
  for (const c of text) cells += charWidth(c);
  return cells;
}

/** The beginning of the text that fits. */
export function truncateEnd(text: string, cells: number): string {
  let used = 0;
  let out = '';
  for (const c of text) {
    used += charWidth(c);
    if (used > cells) break;
    out += c;
  }
  return out;
}

/** The end of the text that fits, after a mark: a file's name is worth more than its folders. */
export function truncateStart(text: string, cells: number, mark = '...'): string {
  if (width(text) <= cells) return text;
  const room = cells - width(mark);
  if (room <= 0) return truncateEnd(text, cells);
  const characters = [...text];
  let used = 0;
  let first = characters.length;
  while (first > 0) {
    used += charWidth(characters[first - 1] ?? '');
    if (used > room) break;
    first--;
  }
  // A combining mark must not be left without the character it belongs to.
  while (first < characters.length && charWidth(characters[first] ?? '') === 0) first++;
  return mark + characters.slice(first).join('');
}

/** Folds the text after commas and the like into lines that fit, all but the first indented. Colours take no cells. */
export function fold(text: string, cells: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of text.split(/(?<=[,;:]) /)) {
    const longer = line === '' ? part : `${line} ${part}`;
    if (line === '' || width(longer.replace(COLOUR, '')) <= cells) line = longer;
    else {
      lines.push(line);
      line = `${indent}${part}`;
    }
  }
  return [...lines, line];
}

function charWidth(c: string): number {
  const code = c.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return 1;
  if (code < 0xa0) return 0;
  if (code < 0x300) return 1;
  if (code === EMOJI_VARIATION) return 1;
  if (ZERO.test(c)) return 0;
  return EMOJI.test(c) || WIDE.some(([low, high]) => code >= low && code <= high) ? 2 : 1;
}
