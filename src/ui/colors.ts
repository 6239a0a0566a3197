import { styleText } from 'node:util';

/** NO_COLOR (no-color.org) and FORCE_COLOR (force-color.org), which has precedence, as in Node; otherwise by the stream. */
export function colorWanted(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
}

export type Palette = Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', (text: string) => string>;

export function palette(on: boolean): Palette {
  const paint = (format: keyof Palette) => (text: string) =>
    on && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return { bold: paint('bold'), dim: paint('dim'), red: paint('red'), green: paint('green'), yellow: paint('yellow') };
}
