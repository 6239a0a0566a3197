// Daemons work on what is put into a queue. The program goes on when everything is marked as done, and takes them along.
import { isMainProcess, JoinableQueue, Process, Queue, task } from 'pcopy/process';

export async function work(jobs, results) {
  for await (const number of jobs) {
    await results.put(number * number);
    await jobs.taskDone();
  }
}

if (isMainProcess()) {
  const jobs = new JoinableQueue(4);
  const results = new Queue();
  for (let count = 0; count < 2; count++) {
    new Process(task(import.meta.url, 'work'), [jobs, results], { daemon: true }).start();
  }
  for (let number = 1; number <= 10; number++) await jobs.put(number);
  await jobs.join();

  let sum = 0;
  while (!(await results.empty())) sum += await results.get();
  console.log(`all done, the squares add up to ${sum}`);
}
