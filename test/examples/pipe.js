// The end of a pipe is seen when every process has closed the other one: so the parent closes what it only passed on.
import { EndOfFile, isMainProcess, Process, pipe, task } from 'pcopy/process';

export async function send(end) {
  await end.send({ any: 'value' });
  await end.sendBytes(Buffer.from('or bytes'));
  end.close();
}

if (isMainProcess()) {
  const [reader, writer] = pipe({ duplex: false });
  const child = new Process(task(import.meta.url, 'send'), [writer]);
  child.start();
  writer.close();
  try {
    for (;;) console.log('received', await reader.recv());
  } catch (error) {
    if (!(error instanceof EndOfFile)) throw error;
    console.log('end of file');
  }
  reader.close();
  await child.join();
}
