// A queue for three items: what happens when it is full, and when it is empty.
import { Queue, QueueEmpty, QueueFull } from 'pcopy/process';

const queue = new Queue(3);
for (const item of ['one', 'two', 'three']) await queue.put(item);
console.log(`full: ${await queue.full()}, size: ${await queue.qsize()}`);

try {
  await queue.put('four', { timeout: 100 });
} catch (error) {
  if (!(error instanceof QueueFull)) throw error;
  console.log(`put: ${error.message}`);
}
try {
  await queue.putNowait('four');
} catch (error) {
  if (!(error instanceof QueueFull)) throw error;
  console.log(`putNowait: ${error.message}`);
}

console.log(await queue.get(), await queue.get(), await queue.getNowait());
console.log(`empty: ${await queue.empty()}`);

try {
  await queue.get({ timeout: 100 });
} catch (error) {
  if (!(error instanceof QueueEmpty)) throw error;
  console.log(`get: ${error.message}`);
}
try {
  await queue.getNowait();
} catch (error) {
  if (!(error instanceof QueueEmpty)) throw error;
  console.log(`getNowait: ${error.message}`);
}
