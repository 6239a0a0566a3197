import type { Config } from '../api/config.ts';
import { escapeControls } from '../api/names.ts';
import type { Plan } from '../plan/prepare.ts';
import type { RunReporter } from '../report/reporter.ts';
import type { Unmatched } from './unmatched.ts';

/** Milliseconds: a hint is not worth more. */
const SEARCH_MS = 2_000;

interface Options {
  plan: Plan;
  config: Config;
  reporter: RunReporter;
  unmatched: Unmatched | null;
  /** Whether the pattern would include anything, as far as that is found out in this time. */
  includes: (pattern: string, withinMs: number) => Promise<boolean>;
}

/** Warns of patterns that match nothing, with what was probably meant, and of a run that has nothing to copy. */
export async function warnOfEmpty({ plan, config, reporter, unmatched, includes }: Options): Promise<void> {
  const { filesFrom, retryFrom } = config;
  if (retryFrom?.length === 0) return;
  if (filesFrom === null && retryFrom === null && plan.single === null) {
    for (const use of unmatched?.left ?? []) {
      const meant = use.option === 'include' ? await meantBelow(use.pattern, includes) : unmatched?.meant(use);
      const hint = didYouMean(meant);
      // It may be there to keep something from being deleted.
      if (use.option === 'exclude' && config.delete && hint === '') continue;
      reporter.suspicious('EPCOPY_NOMATCH', `${use.label} matches nothing${hint}`);
    }
    for (const use of unmatched?.topOnly ?? []) {
      const hint = didYouMean(unmatched?.meant(use));
      reporter.warn(
        '',
        'EPCOPY_NOMATCH',
        `${use.label} matches at the top only${hint} (./ before it says that the top is meant)`,
      );
    }
  }
  const { found, totals } = reporter.counters;
  if (found.files + found.directories + totals.skipped + totals.failed > 0) return;
  reporter.suspicious('EPCOPY_EMPTY', 'there is nothing to copy');
}

// For an include without a directory part the listing has not looked below the top.
async function meantBelow(pattern: string, includes: Options['includes']): Promise<string | undefined> {
  if (!/^[^/]+\/?$/.test(pattern)) return undefined;
  const meant = `**/${pattern}`;
  return (await includes(meant, SEARCH_MS)) ? meant : undefined;
}

function didYouMean(pattern: string | undefined): string {
  return pattern === undefined ? '' : `: did you mean '${escapeControls(pattern)}'?`;
}
