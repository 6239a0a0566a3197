// What other machines cost: a run whose jobs go over a broker to a helper, here on the same machine, beside one without a broker.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inPath, pcopy } from './competitors.js';
import { copyScenario } from './copy.js';
import { NotHere } from './workspace.js';

const START_MS = 10_000;

export async function machinesScenario(row, bench) {
  const program = inPath('redis-server');
  if (!program) throw new NotHere('redis-server is not installed');
  const { signal, workspace } = bench;
  const dir = mkdtempSync(join(workspace, 'broker-'));
  const socket = join(dir, 'socket');
  const url = `unix://${socket}`;
  const started = [];
  const start = (argv) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    started.push({ child, ended: once(child, 'exit') });
    return child;
  };
  try {
    start([program, '--port', '0', '--unixsocket', socket, '--save', '', '--dir', dir]).stderr.resume();
    await until(() => existsSync(socket), signal);
    const helper = start([...pcopy(row.helperJobs)('worker', url), '--allow', workspace]);
    let said = '';
    helper.stderr.setEncoding('latin1').on('data', (text) => {
      said += text;
    });
    await until(() => said.includes('waits for runs'), signal);
    const contenders = [
      {
        name: 'pcopy',
        required: true,
        argv: (from, to) => pcopy(row.ownJobs)(from, to, ['--broker', url]),
        ours: true,
      },
      { name: 'one machine', required: true, argv: pcopy(row.ownJobs + row.helperJobs) },
    ];
    return await copyScenario({ ...row, contenders, beside: started.map(({ child }) => child.pid) }, bench);
  } finally {
    for (const { child } of started) child.kill('SIGTERM');
    await Promise.all(started.map(({ ended }) => ended));
  }
}

async function until(is, signal) {
  const end = performance.now() + START_MS;
  while (!is()) {
    signal.throwIfAborted();
    if (performance.now() > end) throw new NotHere('the broker or its helper does not start');
    await sleep(20);
  }
}
