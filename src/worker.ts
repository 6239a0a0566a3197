// What a worker process of the copier runs, in one file: the toolkit's child runtime with the copier's tasks.
import './worker/signals.ts';
import './worker/compiler.ts';
import * as tasks from './worker/tasks.ts';
import './process/child.ts';
import './process/queue.ts';
import { provide } from './process/tasks.ts';
import { WORKER_TASKS } from './protocol/worker-config.ts';

provide(WORKER_TASKS, tasks);
