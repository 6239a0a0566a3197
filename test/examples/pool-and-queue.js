// Tasks of a pool are handed a queue that lives in a manager, and tell of their progress through it.
import { isMainProcess, Manager, Pool, task } from 'pcopy/process';

export async function download(name, progress) {
  for (const percent of [50, 100]) await progress.put({ name, percent });
}

if (isMainProcess()) {
  const manager = new Manager();
  const progress = manager.queue(4);
  const pool = new Pool(2);
  const results = ['a', 'b', 'c'].map((name) => pool.applyAsync(task(import.meta.url, 'download'), [name, progress]));
  const finished = Promise.all(results.map((result) => result.get())).then(() => progress.close());

  for await (const { name, percent } of progress) console.log(`${name}: ${percent} %`);

  await finished;
  pool.close();
  await pool.join();
  await manager.shutdown();
}
