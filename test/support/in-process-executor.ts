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
  let count = 0;
  let ended: Promise<void> | undefined;
  return {
    workers: jobs,
    capacity: jobs,
    run: async (job) => {
      const worker = (await workers)[count++ % jobs];
      if (worker === undefined || ended !== undefined) throw new Error('run after terminate');
      return worker.run(job, count);
    },
    terminate: () => {
      ended ??= workers.then((all) => {
        for (const worker of all) worker.close();
      });
      return ended;
    },
  };
};
