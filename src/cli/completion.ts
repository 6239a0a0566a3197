import { existsSync } from 'node:fs';
import { UsageError } from '../api/errors.ts';
import { printable, type RawPath } from '../api/names.ts';
import { ALWAYS, COMMAND_OPTIONS, type CommandOption } from './command-options.ts';

const SCRIPTS = { bash, zsh, fish } as const;

type Shell = keyof typeof SCRIPTS;

/**
 * The script, when the arguments are exactly `completion <shell>`. Where a folder `completion` exists, `pcopy completion bash`
 * copies it instead.
 * @throws UsageError for another shell, or none
 */
export function completionScript(args: readonly RawPath[], exists = existsSync): string | undefined {
  const [word, shell = ''] = args;
  if (word !== 'completion' || args.length > 2 || shell.startsWith('-') || exists('completion')) return undefined;
  if (isShell(shell)) return SCRIPTS[shell]([...COMMAND_OPTIONS, ...ALWAYS].map(parts));
  const got = shell === '' ? '' : ` got '${printable(shell)}'. It`;
  throw new UsageError(
    `'completion'${got} takes one of the shells ${Object.keys(SCRIPTS).join(', ')}; there is no folder 'completion' to copy.`,
  );
}

interface Parts {
  short: string | undefined;
  long: string;
  /** Its value: `n`, `glob`; undefined for a flag. */
  takes: string | undefined;
  choices: readonly string[];
  isPath: boolean;
  repeatable: boolean;
  help: string;
}

/** Options of `pcopy worker`, which is a command only before a URL. */
const WORKER: readonly Parts[] = [
  { long: 'allow', takes: 'dir', isPath: true, repeatable: true, help: 'copy only inside this directory; repeatable' },
  { short: 'j', long: 'jobs', takes: 'n', help: 'worker processes for each run, 1 to 64' },
  { short: 'h', long: 'help', help: 'show the help' },
].map((row) => ({ short: undefined, takes: undefined, choices: [], isPath: false, repeatable: false, ...row }));

function isShell(word: string): word is Shell {
  return Object.hasOwn(SCRIPTS, word);
}

function parts(row: (typeof ALWAYS)[number] | CommandOption): Parts {
  const text = 'text' in row ? row.text : undefined;
  return {
    short: /(?:^|\s)-(\w)/.exec(row.flags)?.[1],
    long: row.long,
    takes: /<(.+)>/.exec(row.flags)?.[1],
    choices: text?.choices ?? [],
    isPath: text?.isPath ?? false,
    repeatable: 'repeatable' in row,
    help: row.help,
  };
}

function names({ short, long }: Parts): string[] {
  return [...(short ? [`-${short}`] : []), `--${long}`];
}

/** Paths and free values are left to the shell's own completion of file names. */
function bash(options: Parts[]): string {
  const words = options
    .filter((o) => o.choices.length > 0)
    .map((o) => `    ${names(o).join('|')}) COMPREPLY=($(compgen -W '${o.choices.join(' ')}' -- "$cur")); return ;;`);
  const taking = options.filter((o) => o.takes !== undefined && o.choices.length === 0).flatMap(names);
  return `# bash completion for pcopy; load it with: source <(pcopy completion bash)
_pcopy() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if [[ \${COMP_WORDS[1]} == worker && \${COMP_WORDS[2]} == @(redis|rediss|unix) ]]; then
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${WORKER.flatMap(names).join(' ')}' -- "$cur")); fi
    return
  fi
  case $prev in
${words.join('\n')}
    ${taking.join('|')}) return ;;
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W '${options.flatMap(names).join(' ')}' -- "$cur"))
  fi
}
complete -o default -o bashdefault -F _pcopy pcopy
`;
}

function zsh(options: Parts[]): string {
  const spec = (o: Parts): string => {
    const action = o.isPath ? '_files' : o.choices.length > 0 ? `(${o.choices.join(' ')})` : ' ';
    const text = quoted(
      `[${o.help.replace(/[[\]\\]/g, '\\$&')}]${o.takes === undefined ? '' : `:${o.takes}:${action}`}`,
    );
    const star = o.repeatable ? "'*'" : '';
    const long = `--${o.long}${o.takes === undefined ? '' : '='}`;
    if (o.short === undefined) return `${star}${long}${text}`;
    const short = `-${o.short}${o.takes === undefined ? '' : '+'}`;
    return `${star === '' ? `'(-${o.short} --${o.long})'` : star}{${short},${long}}${text}`;
  };
  return `#compdef pcopy
# zsh completion for pcopy; load it with: source <(pcopy completion zsh), or save it as _pcopy in a folder of $fpath
_pcopy() {
  if [[ $words[2] == worker && $words[3] == (redis|rediss|unix):* ]]; then
    _arguments -s -S \\
${WORKER.map((o) => `      ${spec(o)} \\`).join('\n')}
      ':command:' ':url:'
    return
  fi
  _arguments -s -S \\
${options.map((o) => `    ${spec(o)} \\`).join('\n')}
    '*:path:_files'
}
if [[ $funcstack[1] == _pcopy ]]; then _pcopy "$@"; else compdef _pcopy pcopy; fi
`;
}

function fish(options: Parts[]): string {
  const line = (o: Parts, when: string): string => {
    const words = [`complete -c pcopy -n '${when}'`];
    if (o.short) words.push(`-s ${o.short}`);
    words.push(`-l ${o.long}`);
    if (o.choices.length > 0) words.push(`-x -a '${o.choices.join(' ')}'`);
    else if (o.takes !== undefined) words.push(o.isPath ? '-r -F' : '-x');
    words.push(`-d ${quoted(o.help)}`);
    return words.join(' ');
  };
  return `# fish completion for pcopy; load it with: pcopy completion fish | source
function __pcopy_worker
  set -l words (commandline -opc)
  test "$words[2]" = worker; and string match -qr '^(redis|rediss|unix):' -- "$words[3]"
end
${options.map((o) => line(o, 'not __pcopy_worker')).join('\n')}
${WORKER.map((o) => line(o, '__pcopy_worker')).join('\n')}
`;
}

/** For zsh and fish alike: a quote inside is ended, escaped and begun again. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
