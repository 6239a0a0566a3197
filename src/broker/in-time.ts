/** Milliseconds that the queue may take to close: while the broker is gone it would take for ever. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Whether it is done without an error and in time. */
export function inTime(work: Promise<unknown>, ms = CLOSE_TIMEOUT_MS): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const done = work.then(
    () => true,
    () => false,
  );
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}
