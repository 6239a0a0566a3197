import { type Node, parseRegexp } from './regexp-parser.ts';

// RegExp backtracks, and some patterns then take exponential time. Here each state says of a position whether the rest of the
// text matches from there. Evaluated from the end of the text to its start, that depends only on the next character and on the
// states after it, lookaheads included: the states of a position are computed in time proportional to the expression and cached,
// so that most characters cost one step of a deterministic automaton (Cox, "Regular Expression Matching Can Be Simple And Fast",
// run backwards).

type State =
  | { kind: 'character'; atom: number; next: number }
  | { kind: 'either'; a: number; b: number }
  | { kind: 'look'; inner: number; negated: boolean; next: number }
  | { kind: 'begin' | 'end'; next: number }
  | { kind: 'match' };

/** The states that hold at a position. */
interface Step {
  holds: Uint8Array;
  /** Nothing before this position can make the text match. */
  dead: boolean;
  /** The step one position earlier, by the class of the character there. */
  before: (Step | undefined)[];
  /** Whether the text matches if that is the first position, by the same class. */
  whole: (boolean | undefined)[];
}

/** States of one expression. A quantifier copies what it repeats. */
const MOST_STATES = 32_768;
/** Bytes of the cached steps of one expression. */
const KEPT_BYTES = 65_536;
const MOST_KEPT = 512;

/**
 * A test with the result of `new RegExp(source).test(text)` in time proportional to text times expression at most, for an
 * expression that begins with `^` (see `parseRegexp` for what it may contain).
 */
export function linearTest(source: string): (text: string) => boolean {
  const automaton = new Automaton(parseRegexp(source));
  return (text) => automaton.test(text);
}

class Automaton {
  private readonly states: State[] = [];
  /**
   * States of the expression itself, then of each lookahead, inner ones later. Except in loops, a state depends only on earlier
   * states of its region.
   */
  private readonly regions: { order: number[]; hasLoops: boolean }[] = [];
  private readonly atoms: Atoms = new Atoms();
  private readonly start: number;
  private readonly kept = new Map<string, Step>();
  private readonly mostKept: number;
  private atEnd: Step | null = null;

  constructor(node: Node) {
    this.start = this.region(node);
    this.mostKept = Math.max(2, Math.min(MOST_KEPT, Math.floor(KEPT_BYTES / this.states.length)));
  }

  test(text: string): boolean {
    const { length } = text;
    if (length === 0) return this.evaluate(null, -1, true)[this.start] === 1;
    this.atEnd ??= this.keep(this.evaluate(null, -1, false));
    let step = this.atEnd;
    for (let i = length - 1; i > 0; i--) {
      if (step.dead) return false;
      const c = this.atoms.classOf(text, i);
      let before = step.before[c];
      if (before === undefined) {
        before = this.keep(this.evaluate(step, c, false));
        step.before[c] = before;
      }
      step = before;
    }
    const c = this.atoms.classOf(text, 0);
    step.whole[c] ??= this.evaluate(step, c, true)[this.start] === 1;
    return step.whole[c];
  }

  /** @param after the step after the character, null at the end of the text */
  private evaluate(after: Step | null, charClass: number, isBegin: boolean): Uint8Array {
    const { states, regions, atoms } = this;
    const holds = new Uint8Array(states.length);
    const holdsNow = (state: State): number => {
      switch (state.kind) {
        case 'character':
          return after !== null && after.holds[state.next] === 1 && atoms.fits(state.atom, charClass) ? 1 : 0;
        case 'either':
          return (holds[state.a] ?? 0) | (holds[state.b] ?? 0);
        case 'look':
          return (holds[state.inner] === 1) !== state.negated ? (holds[state.next] ?? 0) : 0;
        case 'begin':
          return isBegin ? (holds[state.next] ?? 0) : 0;
        case 'end':
          return after === null ? (holds[state.next] ?? 0) : 0;
        case 'match':
          return 1;
      }
    };
    for (let r = regions.length - 1; r >= 0; r--) {
      const { order, hasLoops } = regions[r] as (typeof regions)[number];
      for (let changed = true; changed; ) {
        changed = false;
        for (const id of order) {
          if (holds[id] === 1 || holdsNow(states[id] as State) === 0) continue;
          holds[id] = 1;
          changed = hasLoops;
        }
      }
    }
    return holds;
  }

  private keep(holds: Uint8Array): Step {
    const key = Buffer.from(holds).toString('latin1');
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    if (this.kept.size >= this.mostKept) {
      this.kept.clear();
      this.atEnd = null;
    }
    const dead = !this.regions[0]?.order.some((id) => {
      const state = this.states[id];
      return state?.kind === 'character' && holds[state.next] === 1;
    });
    const step: Step = { holds, dead, before: [], whole: [] };
    this.kept.set(key, step);
    return step;
  }

  private region(node: Node): number {
    const region = { order: [], hasLoops: false };
    this.regions.push(region);
    return this.build(node, this.add(region, { kind: 'match' }), region);
  }

  /** @returns the state from which the node matches, and then `next` */
  private build(node: Node, next: number, region: { order: number[]; hasLoops: boolean }): number {
    switch (node.type) {
      case 'character':
        return this.add(region, { kind: 'character', atom: this.atoms.number(node.source), next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.build(part, after, region), next);
      case 'either':
        return node.choices
          .map((choice) => this.build(choice, next, region))
          .reduceRight((b, a) => this.add(region, { kind: 'either', a, b }));
      case 'look':
        return this.add(region, { kind: 'look', inner: this.region(node.body), negated: node.negated, next });
      case 'begin':
      case 'end':
        return this.add(region, { kind: node.type, next });
      case 'repeat':
        return this.repeat(node, next, region);
    }
  }

  private repeat(
    { body, min, max }: Extract<Node, { type: 'repeat' }>,
    next: number,
    region: { order: number[]; hasLoops: boolean },
  ): number {
    let entry = next;
    if (max === Infinity) {
      // The loop is created before its body, which leads back to it, and evaluated after it.
      const loop: State = { kind: 'either', a: next, b: next };
      entry = this.add(null, loop);
      loop.a = this.build(body, entry, region);
      region.order.push(entry);
      region.hasLoops = true;
    } else {
      for (let i = min; i < max; i++)
        entry = this.add(region, { kind: 'either', a: this.build(body, entry, region), b: next });
    }
    for (let i = 0; i < min; i++) entry = this.build(body, entry, region);
    return entry;
  }

  private add(region: { order: number[] } | null, state: State): number {
    if (this.states.length >= MOST_STATES) throw new SyntaxError('too large');
    region?.order.push(this.states.length);
    return this.states.push(state) - 1;
  }
}

/** The single-character tests of an expression. Characters with the same results are one class. */
class Atoms {
  private readonly sources = new Map<string, number>();
  private readonly tests: RegExp[] = [];
  private readonly classes = new Map<string, number>();
  /** By class, and in it by atom. */
  private readonly answers: string[] = [];
  private readonly ascii: (number | undefined)[] = [];
  private readonly others = new Map<number, number>();

  number(source: string): number {
    const known = this.sources.get(source);
    if (known !== undefined) return known;
    this.sources.set(source, this.tests.length);
    return this.tests.push(new RegExp(`^${source}$`)) - 1;
  }

  fits(atom: number, charClass: number): boolean {
    return this.answers[charClass]?.[atom] === '1';
  }

  classOf(text: string, at: number): number {
    const code = text.charCodeAt(at);
    return (code < 128 ? this.ascii[code] : this.others.get(code)) ?? this.classify(code);
  }

  private classify(code: number): number {
    const c = String.fromCharCode(code);
    const answer = this.tests.map((test) => (test.test(c) ? '1' : '0')).join('');
    let found = this.classes.get(answer);
    if (found === undefined) {
      found = this.answers.push(answer) - 1;
      this.classes.set(answer, found);
    }
    if (code < 128) this.ascii[code] = found;
    else this.others.set(code, found);
    return found;
  }
}
