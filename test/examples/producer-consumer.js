// One process puts words into a queue, another takes them out, until it meets the end marker.
import { isMainProcess, Process, Queue, task } from 'pcopy/process';

const END = null;

export async function produce(queue) {
  for (const word of ['copy', 'a', 'folder']) await queue.put(word);
  await queue.put(END);
}

export async function consume(queue) {
  for (;;) {
    const word = await queue.get();
    if (word === END) break;
    console.log(`got ${word}`);
  }
  console.log('got the end marker');
}

if (isMainProcess()) {
  const queue = new Queue(2);
  const producer = new Process(task(import.meta.url, 'produce'), [queue]);
  const consumer = new Process(task(import.meta.url, 'consume'), [queue]);
  producer.start();
  consumer.start();
  await producer.join();
  await consumer.join();
}
