// What a worker process of the copier runs, in one file: the toolkit's child runtime with the copier's tasks.
import * as worker from './worker/worker.ts';
import './process/child.ts';
import './process/queue.ts';
import { provide } from './process/tasks.ts';
import { WORKER_TASKS } from './protocol/worker-config.ts';

provide(WORKER_TASKS, worker);

// What is sent to the whole group is for the parent to hear: a worker that ends by it would make its entry a failure.
for (const signal of ['SIGTERM', 'SIGUSR2'] as const) process.on(signal, () => {});
