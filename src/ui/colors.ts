/** NO_COLOR (no-color.org) and FORCE_COLOR (force-color.org), which wins as it does in Node; else what the stream is. */
export function colorWanted(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
}

export type Palette = Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', (text: string) => string>;

export function palette(on: boolean): Palette {
  const paint = (open: number, close: number) => (text: string) =>
    on && text !== '' ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return { bold: paint(1, 22), dim: paint(2, 22), red: paint(31, 39), green: paint(32, 39), yellow: paint(33, 39) };
}
