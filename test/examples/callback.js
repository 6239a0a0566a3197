// A callback runs in the parent, when the result has come back from the child.
import { isMainProcess, Pool, task } from 'pcopy/process';

export function divide(a, b) {
  if (b === 0) throw new RangeError('division by zero');
  console.log(`the task runs in ${process.pid}`);
  return a / b;
}

if (isMainProcess()) {
  console.log(`the parent is ${process.pid}`);
  const pool = new Pool(2);
  const callback = (result) => console.log(`the callback runs in ${process.pid}: ${result}`);
  const errorCallback = (error) => console.log(`the error callback runs in ${process.pid}: ${error.message}`);
  pool.applyAsync(task(import.meta.url, 'divide'), [6, 3], { callback, errorCallback });
  pool.applyAsync(task(import.meta.url, 'divide'), [1, 0], { callback, errorCallback });
  pool.close();
  await pool.join();
}
