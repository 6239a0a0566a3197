import { escapeControls } from '../api/names.ts';

/** Node's message without the error code, the system call and the path. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return escapeControls(message.replace(/^E[A-Z0-9]+: /, '').replace(/, \w+(?: '.*')?$/s, ''));
}
