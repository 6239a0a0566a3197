import '../process/child.ts';
import '../process/queue.ts';
import { provide } from '../process/tasks.ts';
import { WORKER_TASKS } from '../protocol/worker-config.ts';
import * as tasks from './tasks.ts';

provide(WORKER_TASKS, tasks);
