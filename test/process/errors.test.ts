import { afterAll, expect, test } from 'vitest';
import { fixture, Pool, WorkerLost } from './toolkit.ts';

const pool = new Pool(1);
afterAll(() => pool.terminate());

async function thrown(kind: string): Promise<Error> {
  return pool.apply(fixture('failures.js', 'fail'), [kind]).then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => error as Error,
  );
}

test('an AggregateError keeps what is in it', async () => {
  const error = await thrown('aggregate');
  expect(error).toBeInstanceOf(AggregateError);
  const [one, inner] = (error as AggregateError).errors;
  expect(one).toBeInstanceOf(RangeError);
  expect(inner).toBeInstanceOf(AggregateError);
  expect(inner.errors[0]).toMatchObject({ name: 'TypeError', message: 'two' });
  expect(((error.cause as Error).cause as Error).message).toBe('reason');
});

test.each(['dom', 'abort'])('a DOMException is one again: %s', async (kind) => {
  const error = await thrown(kind);
  expect(error).toBeInstanceOf(DOMException);
  expect([error.name, (error as DOMException).code]).toEqual(['AbortError', 20]);
  expect((error.cause as Error).name).toBe('RemoteStack');
});

test('what is no error becomes one that says what it was', async () => {
  const object = await thrown('object');
  expect(object).toBeInstanceOf(Error);
  expect(object).toMatchObject({ message: "{ code: 5, where: [ 'here' ] }", code: 5, where: ['here'] });
  expect(await thrown('described')).toMatchObject({ message: 'described', code: 5 });
  expect(await thrown('bare')).toMatchObject({ message: '[Object: null prototype] { code: 5 }', code: 5 });
  // Node 26 says that it is a proxy.
  expect((await thrown('hostile')).message).toContain('{}');
  expect((await thrown('nothing')).message).toBe('undefined');
  expect((await thrown('symbol')).message).toBe('Symbol(sign)');
});

test('a worker lost by a pool within a task is a WorkerLost', async () => {
  const error = await pool.apply(fixture('failures.js', 'loseWorker'), []).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkerLost);
  expect(error).toMatchObject({ signal: 'SIGKILL', started: true, index: 0, exitCode: null });
});
