import { openFileSystem } from '../../src/fs/driver.ts';
import type { ExecutorFactory } from '../../src/schedule/executor.ts';
import { Worker } from '../../src/worker/worker.ts';

/** An executor without processes: its workers take turns in this one, whose umask is to be 0 meanwhile. */
export const inProcessExecutor: ExecutorFactory = ({ limit: { current: jobs }, config, events }) => {
  const workers = openFileSystem(config.driver).then((fs) =>
    Array.from(
      { length: jobs },
      (_, index) => new Worker(fs, config, { index, emit: (event) => events.put(event), note: () => {} }),
    ),
  );
  const inTurn = Array.from({ length: jobs }, () => Promise.resolve<unknown>(undefined));
  let count = 0;
  let ended: Promise<void> | undefined;
  return {
    workers: jobs,
    capacity: jobs,
    run: async (job) => {
      const number = ++count;
      const worker = (await workers)[number % jobs];
      if (worker === undefined || ended !== undefined) throw new Error('run after terminate');
      const done = (inTurn[number % jobs] ?? Promise.resolve()).then(() => worker.run(job, number));
      inTurn[number % jobs] = done.catch(() => {});
      return done;
    },
    terminate: () => {
      ended ??= workers.then((all) => {
        for (const worker of all) worker.close();
      });
      return ended;
    },
  };
};
