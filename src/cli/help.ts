import { EXIT_CODES } from './exit-codes.ts';

/** Narrower screens get one column instead of two. */
const TWO_COLUMNS = 72;
const NARROWEST = 40;
const WIDEST = 100;

interface Wrapper {
  boxWrap(text: string, width: number): string;
}

/** The layout of the help for a width, as commander's `configureHelp` takes it. */
export function helpLayout(columns: number) {
  const helpWidth = Math.min(WIDEST, Math.max(NARROWEST, columns));
  const common = { helpWidth, minWidthToWrap: 10, optionTerm: alignedTerm };
  if (helpWidth >= TWO_COLUMNS) return common;
  const formatItem = (term: string, _width: number, text: string, wrapper: Wrapper) =>
    `  ${term.trimStart()}\n${indented(wrapper.boxWrap(text, helpWidth - 6), '      ')}`;
  return { ...common, formatItem };
}

/** The text below the options. */
export function epilogue(columns: number, wrapper: Wrapper): string {
  const helpWidth = Math.min(WIDEST, Math.max(NARROWEST, columns));
  const codes = EXIT_CODES.map(([code, meaning]) => {
    const head = `  ${code.padEnd(3)}  `;
    return head + indented(wrapper.boxWrap(meaning, helpWidth - head.length), ' '.repeat(head.length)).trimStart();
  });
  const last = [
    '"pcopy worker <url> --allow <dir>" helps runs on other machines (--broker).',
    '"pcopy completion bash" (or zsh, fish) prints a completion script.',
  ].map((line) => wrapper.boxWrap(line, helpWidth));
  return `\nExit codes:\n${codes.join('\n')}\n\n${last.join('\n')}`;
}

/** Options without a short form are indented to align the long ones. */
function alignedTerm(option: { short?: string; flags: string }): string {
  return option.short ? option.flags : `    ${option.flags}`;
}

function indented(text: string, by: string): string {
  return text.replace(/^/gm, by);
}
