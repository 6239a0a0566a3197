// The same work in a pool, whose processes are started once, and in one process for each task.
import { isMainProcess, Pool, Process, task } from 'pcopy/process';

const TASKS = Number(process.env.TASKS ?? 20);

export function countPrimes(limit) {
  let count = 0;
  for (let number = 2; number < limit; number++) {
    let divisor = 2;
    while (divisor * divisor <= number && number % divisor !== 0) divisor++;
    if (divisor * divisor > number) count++;
  }
  return count;
}

if (isMainProcess()) {
  const limits = Array.from({ length: TASKS }, (_, index) => 10_000 + index);

  const pool = new Pool(2);
  const start = performance.now();
  const counts = await pool.map(task(import.meta.url, 'countPrimes'), limits);
  const pooled = performance.now() - start;
  pool.close();
  await pool.join();

  const begin = performance.now();
  const children = limits.map((limit) => new Process(task(import.meta.url, 'countPrimes'), [limit]));
  for (const child of children) child.start();
  for (const child of children) await child.join();
  const single = performance.now() - begin;

  console.log(`${counts.length} results, the first is ${counts[0]}`);
  console.log(`a pool of 2 took ${pooled.toFixed(0)} ms, a process for each task ${single.toFixed(0)} ms`);
}
