// Processes count down a number that a manager holds. Without the lock some would read the same number, and it would not end at 0.
import { isMainProcess, Manager, Process, task } from 'pcopy/process';

const PROCESSES = Number(process.env.PROCESSES ?? 100);

export async function countDown(shared, lock) {
  await lock.run(async () => {
    const count = await shared.get('count');
    await shared.set('count', count - 1);
  });
}

if (isMainProcess()) {
  const manager = new Manager();
  const shared = manager.dict({ count: PROCESSES });
  const lock = manager.lock();

  const children = Array.from(
    { length: PROCESSES },
    () => new Process(task(import.meta.url, 'countDown'), [shared, lock]),
  );
  for (const child of children) child.start();
  for (const child of children) await child.join();

  console.log(`${PROCESSES} processes counted down to ${await shared.get('count')}`);
  await manager.shutdown();
}
