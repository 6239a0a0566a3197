/** A node of a regular expression. */
export type Node =
  /** One character; `source` is the regular expression for it. */
  | { type: 'character'; source: string }
  | { type: 'sequence'; parts: Node[] }
  | { type: 'either'; choices: Node[] }
  | { type: 'repeat'; body: Node; min: number; max: number }
  | { type: 'look'; body: Node; negated: boolean }
  | { type: 'begin' | 'end' };

/** A set, an escape or a literal character. */
const ONE_CHARACTER = /\[(?:[^\]\\]|\\.)*\]|\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|.)|./sy;

/**
 * Parses a regular expression without flags: groups, lookaheads, quantifiers, anchors. What cannot work without backtracking
 * (back references) or makes no sense in a pattern for paths (word boundaries) is taken literally.
 * Throws SyntaxError for lookbehinds and named groups.
 */
export function parseRegexp(source: string): Node {
  return new Parser(source).parse();
}

class Parser {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  parse(): Node {
    const node = this.either();
    if (this.at < this.source.length) throw new SyntaxError('an unopened group');
    return node;
  }

  private either(): Node {
    const first = this.sequence();
    const choices = [first];
    while (this.take('|')) choices.push(this.sequence());
    return choices.length === 1 ? first : { type: 'either', choices };
  }

  private sequence(): Node {
    const parts: Node[] = [];
    while (this.at < this.source.length && !/[|)]/.test(this.source[this.at] ?? '')) parts.push(this.quantified());
    return { type: 'sequence', parts };
  }

  private quantified(): Node {
    const body = this.atom();
    const range = this.match(/[*+?]|\{(\d+)(,?)(\d*)\}/y);
    if (range === null) return body;
    // Greedy and lazy quantifiers match the same texts.
    this.take('?');
    const [sign, from, comma, to] = range;
    if (from === undefined)
      return { type: 'repeat', body, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity };
    const max = comma === '' ? Number(from) : to === '' ? Infinity : Number(to);
    return { type: 'repeat', body, min: Number(from), max };
  }

  private atom(): Node {
    if (this.take('^')) return { type: 'begin' };
    if (this.take('$')) return { type: 'end' };
    if (this.source[this.at] === '(') return this.group();
    const [source] = this.match(ONE_CHARACTER) ?? [''];
    return { type: 'character', source: /^\\[1-9bBk]/.test(source) ? source.slice(1) : source };
  }

  private group(): Node {
    const [open, kind] = this.match(/\((?:\?(<?[:=!]|<))?/y) ?? [''];
    if (open === '' || kind?.startsWith('<')) throw new SyntaxError('a lookbehind or a named group');
    const body = this.either();
    if (!this.take(')')) throw new SyntaxError('an unclosed group');
    return kind === '=' || kind === '!' ? { type: 'look', body, negated: kind === '!' } : body;
  }

  private take(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.source);
    if (found !== null) this.at = expression.lastIndex;
    return found;
  }
}
