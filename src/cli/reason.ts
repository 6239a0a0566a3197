import { escapeControls } from '../api/names.ts';

/** Node's message for a person: without the code before it, and the system call and its path behind it. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return escapeControls(message.replace(/^E[A-Z0-9]+: /, '').replace(/, \w+(?: '.*')?$/s, ''));
}
