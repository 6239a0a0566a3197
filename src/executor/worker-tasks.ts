/** What the tasks of a worker are called between the parent and its workers. */
export const WORKER_TASKS = 'pcopy:worker';
