// `apply` waits for its result, so one task runs after the other. `applyAsync` does not, so they run side by side.
import { setTimeout } from 'node:timers/promises';
import { isMainProcess, Pool, task } from 'pcopy/process';

export async function work(name) {
  await setTimeout(300);
  return `${name} done`;
}

if (isMainProcess()) {
  const pool = new Pool(3);
  const workTask = task(import.meta.url, 'work');

  let start = performance.now();
  for (const name of ['a', 'b', 'c']) console.log(await pool.apply(workTask, [name]));
  console.log(`one after the other: ${(performance.now() - start).toFixed(0)} ms`);

  start = performance.now();
  const results = ['d', 'e', 'f'].map((name) => pool.applyAsync(workTask, [name]));
  console.log(`ready at once? ${results[0].ready()}`);
  for (const result of results) console.log(await result.get());
  console.log(`side by side: ${(performance.now() - start).toFixed(0)} ms`);

  pool.close();
  await pool.join();
}
