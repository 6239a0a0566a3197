import type { Context } from './context.ts';

/** Does the step, and again after a pause while it fails for a reason that passes. */
export function withRetries<T>({ retries, heartbeat }: Context, step: () => T): T {
  return retries.runSync(step, (ms) => heartbeat.pause(ms));
}
