let exit: ((code: number) => void) | null = null;

/** For the driver that has such a call. */
export function provideExit(atOnce: (code: number) => void): void {
  exit = atOnce;
}

/**
 * Ends the process without the tidying of Node and its libraries: its threads, its heap, and koffi's sync of both outputs, which never ends
 * where the disk refuses. Returns where no driver has such a call, or a tool that was given to Node may write a report at the end.
 */
export function exitAtOnce(code: number): void {
  const { NODE_OPTIONS, NODE_V8_COVERAGE } = process.env;
  if (process.execArgv.length === 0 && !NODE_OPTIONS && !NODE_V8_COVERAGE) exit?.(code);
}
