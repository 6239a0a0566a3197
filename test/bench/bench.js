// npm run bench: what pcopy costs beside every other copier of this machine. See --help.
import { writeFileSync } from 'node:fs';
import { Differs } from './check.js';
import { adoptOrphans } from './children.js';
import { CommandFailed } from './command.js';
import { pcopyMissing } from './competitors.js';
import { makeContext } from './context.js';
import { etaRows, measureEta, printEta } from './eta.js';
import { growthRows, measureGrowth, printGrowth } from './growth.js';
import { jobsRows, measureJobs, printJobs } from './jobs-table.js';
import { describeMachine, machineLine, noise } from './machine.js';
import { readOptions, UsageError, usage } from './options.js';
import { measurePlot, plotRows, printPlot } from './plot.js';
import { targetTable } from './table.js';
import { isNamed, measureRow, selectRows } from './targets.js';
import { leftovers, makeWorkspace, NotHere, remove } from './workspace.js';

const modes = {
  targets: { rows: selectRows, measure: measureRow, print: targetTable },
  growth: { rows: growthRows, measure: measureGrowth, print: printGrowth },
  eta: { rows: etaRows, measure: measureEta, print: printEta },
  plot: { rows: plotRows, measure: measurePlot, print: printPlot },
  'jobs-table': { rows: jobsRows, measure: measureJobs, print: printJobs },
};
const QUICK_SCALE = 0.1;
const SHARES = 4;
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

process.exitCode = await main();

async function main() {
  try {
    const options = readOptions(process.argv.slice(2));
    const mode = modes[options.mode];
    const rows = mode.rows({ ...options, only: [] });
    const names = [...new Set([...rows.map(({ name }) => name), ...rows.flatMap(({ group }) => group ?? [])])];
    const unknown = options.only.filter((name) => !names.includes(name));
    if (unknown.length) throw new UsageError(`no row '${unknown[0]}'; there are ${names.join(', ')}`);
    if (options.help) return say(usage);
    if (options.list)
      return say(
        rowsOf(mode, options)
          .map(({ name, work }) => `${name.padEnd(12)} ${work}`)
          .join('\n'),
      );
    return await run(options, mode);
  } catch (error) {
    if (error instanceof UsageError) return complain(`${error.message} (see --help)`, 2);
    if (error instanceof NotHere) return complain(error.message, 3);
    throw error;
  }
}

async function run(options, mode) {
  if (process.platform !== 'linux') throw new NotHere('the benchmarks measure through /proc: Linux only');
  const missing = pcopyMissing();
  if (missing) throw new NotHere(missing);
  for (const path of leftovers(options.dir)) complain(`a killed run has left ${path}`);
  const machine = describeMachine(options.dir);
  if (noise(machine)) complain(noise(machine));
  adoptOrphans();
  const { signal, interruptedBy } = onInterrupt();
  const workspaces = [];
  const workspace = (dir) => {
    workspaces.push(makeWorkspace(dir));
    return workspaces.at(-1);
  };
  const results = [];
  try {
    const places = { workspace: workspace(options.dir), imageWorkspace: workspace(options.imageDir), signal };
    await measureAll(mode, options, makeContext(options, places), results);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await remove(...workspaces);
  }
  if (signal.aborted) return exitCodes[interruptedBy()];
  say(`${machineLine(machine)}\n\n${mode.print(results)}`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, options, results }, null, 2)}\n`);
  if (results.some(({ failed }) => failed)) return 1;
  return results.every(({ skipped }) => skipped) ? 3 : 0;
}

async function measureAll(mode, options, context, results) {
  const end = performance.now() + options.budget * 1000;
  const rows = rowsOf(mode, options);
  for (const [i, row] of rows.entries()) {
    const { name } = row;
    const scale = scaleOf(row, options);
    const work = scale === 1 ? row.work : `${row.work} (sizes x ${scale})`;
    const left = end - performance.now();
    const skipped = row.skipped ?? (left > 0 ? undefined : 'out of time');
    if (skipped) {
      results.push({ name, work, skipped });
      continue;
    }
    // A few even shares of the time that is left: the slow rows may take more, but not starve those after them.
    const runnable = rows.slice(i).filter((later) => !later.skipped).length;
    const deadline = Math.min(end, performance.now() + (SHARES * left) / runnable);
    const progress = makeProgress(name);
    const measured = await outcome(() => mode.measure(row, { ...context, scale, deadline, progress }));
    results.push({ name, work, scale, ...measured });
    progress();
  }
}

function rowsOf(mode, options) {
  const rows = mode.rows(options);
  return options.only.length ? rows.filter((row) => isNamed(row, options.only)) : rows;
}

function scaleOf(row, { scale, quick }) {
  if (row.unscaled) return 1;
  return scale ?? (quick ? (row.quickScale ?? QUICK_SCALE) : 1);
}

// What went wrong with one row is part of the report, and the others still run.
async function outcome(measure) {
  try {
    return await measure();
  } catch (error) {
    if (error instanceof NotHere) return { skipped: error.message };
    if (error instanceof CommandFailed || error instanceof Differs) return { failed: error.message };
    throw error;
  }
}

function onInterrupt() {
  const controller = new AbortController();
  let by;
  for (const name of Object.keys(exitCodes)) {
    process.on(name, () => {
      complain(by ? 'still cleaning up' : 'interrupted, cleaning up');
      by ??= name;
      controller.abort();
    });
  }
  return { signal: controller.signal, interruptedBy: () => by };
}

function makeProgress(name) {
  if (!process.stderr.isTTY) {
    complain(name);
    return () => {};
  }
  process.stderr.write(`\r\u001b[K${name}: making its tree`);
  return (round, rounds) => {
    process.stderr.write(round === undefined ? '\r\u001b[K' : `\r\u001b[K${name}: round ${round} of ${rounds}`);
  };
}

function say(text) {
  console.log(text);
  return 0;
}

function complain(text, exitCode) {
  console.error(`bench: ${text}`);
  return exitCode;
}
