import { EventEmitter } from 'node:events';
import { beforeEach, expect, test, vi } from 'vitest';
import { watchSignals } from '../../src/cli/signals.ts';

let source: EventEmitter;
const handlers = { stop: vi.fn(), leave: vi.fn(), status: vi.fn() };

beforeEach(() => {
  source = new EventEmitter();
  vi.resetAllMocks();
});

test('the first signal ends the run, another ends the process with its own code', () => {
  const signals = watchSignals(handlers, source);
  expect(signals.received).toBeUndefined();
  source.emit('SIGHUP');
  expect(handlers.stop.mock.calls).toEqual([['SIGHUP']]);
  expect(handlers.leave).not.toHaveBeenCalled();
  source.emit('SIGTERM');
  expect(handlers.leave.mock.calls).toEqual([[143]]);
  expect(signals.received).toBe('SIGHUP');
});

test('the same one again at once is the first one still: timeout signals a process and its group', () => {
  let ms = 0;
  watchSignals(handlers, source, () => ms);
  source.emit('SIGINT');
  ms = 49;
  source.emit('SIGINT');
  expect(handlers.leave).not.toHaveBeenCalled();
  ms = 50;
  source.emit('SIGINT');
  expect(handlers.stop).toHaveBeenCalledTimes(1);
  expect(handlers.leave.mock.calls).toEqual([[130]]);
});

test('when the run has ended, the first one leaves', () => {
  const signals = watchSignals(handlers, source);
  signals.ended();
  source.emit('SIGINT');
  expect(handlers.stop).not.toHaveBeenCalled();
  expect(handlers.leave.mock.calls).toEqual([[130]]);
});

test('SIGUSR2 asks where the run is', () => {
  watchSignals(handlers, source);
  source.emit('SIGUSR2');
  expect(handlers.status).toHaveBeenCalledTimes(1);
  expect(handlers.stop).not.toHaveBeenCalled();
});
