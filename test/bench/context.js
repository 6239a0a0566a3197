// What every scenario is handed: where, how often, until when, and who takes part.
import { competitors, pcopy } from './competitors.js';
import { isExt, remove } from './workspace.js';

/** The context of a run; each row gets a copy of it with its own `scale`, `deadline` and `progress`. */
export function makeContext(options, { workspace, imageWorkspace, signal }) {
  const others = competitors(options.jobs, workspace);
  const keeps = isExt(workspace);
  const ours = { name: 'pcopy', argv: pcopy(options.jobs), required: true, ours: true };
  return {
    signal,
    workspace,
    imageWorkspace,
    /** Copies stay until the end of the run: see isExt. */
    keepsCopies: keeps,
    discard: keeps ? async () => {} : remove,
    rounds: options.rounds,
    jobs: options.jobs,
    pcopy: ours.argv,
    missing: Object.fromEntries(
      Object.entries(others)
        .filter(([, { missing }]) => missing)
        .map(([name, { missing }]) => [name, missing]),
    ),
    /** pcopy first, then those with a target, then the others, which --quick leaves out. */
    contenders({ targets, also = [] }) {
      const names = new Set([...targets.map(({ against }) => against), ...(options.quick ? [] : also)]);
      const present = [...names].filter((name) => others[name]?.argv);
      return [ours, ...present.map((name) => ({ name, ...others[name] }))];
    },
  };
}
