import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { StatusModel } from '../model';
import { FakeServer } from './server';
import { context, kernelState } from './states';

let server: FakeServer;
let model: StatusModel;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  server.kernels = [kernelState([context()]), kernelState([context({ master: 'yarn' })], [], 'k2')];
  model = new StatusModel(server.settings);
});

afterEach(() => {
  model.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

it('asks nothing until a kernel is watched', async () => {
  await pass(60000);
  expect(server.asked).toHaveLength(0);
  expect(model.state).toBeNull();
});

it('takes the state of the watched kernel out of all', async () => {
  model.watch({ id: 'k2', busy: false });
  await pass(1000);
  expect(model.state?.contexts[0].master).toBe('yarn');
});

it('asks every two seconds while there is a context', async () => {
  model.watch({ id: 'k1', busy: false });
  await pass(1000);
  const before = server.asked.length;
  await pass(10000);
  expect(server.asked.length - before).toBe(5);
});

it('asks more rarely when there is nothing to show and the kernel is idle', async () => {
  server.kernels = [];
  model.watch({ id: 'k1', busy: false });
  await pass(1000);
  expect(model.interval).toBe(10000);
  model.watch({ id: 'k1', busy: true });
  await pass(1000);
  expect(model.interval).toBe(2000);
});

it('emits only when the state changes', async () => {
  const changed = vi.fn();
  model.stateChanged.connect(changed);
  model.watch({ id: 'k1', busy: false });
  await pass(20000);
  expect(changed).toHaveBeenCalledTimes(1);
  server.kernels = [kernelState([context({ state: 'cold' })])];
  await pass(3000);
  expect(changed).toHaveBeenCalledTimes(2);
});

it('forgets the state at once when the kernel changes', async () => {
  model.watch({ id: 'k1', busy: false });
  await pass(1000);
  model.watch({ id: 'k3', busy: false });
  expect(model.state).toBeNull();
});

it('keeps a burst of kernel states to a few questions', async () => {
  for (let i = 0; i < 50; i++) {
    model.watch({ id: 'k1', busy: i % 2 === 0 });
  }
  await pass(1000);
  expect(server.asked.length).toBeLessThan(4);
});

it('asks again, ever more rarely, while the server does not answer', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5); // the pauses are drawn at random
  server.status = 500;
  model.watch({ id: 'k1', busy: false });
  await pass(300000);
  expect(server.asked.length).toBeGreaterThan(3);
  expect(server.asked.length).toBeLessThan(75);
});

it('stops asking when no kernel is watched and when it is disposed', async () => {
  model.watch({ id: 'k1', busy: false });
  model.watch(null);
  await pass(30000);
  expect(server.asked).toHaveLength(0);
  model.watch({ id: 'k1', busy: false });
  await pass(1000);
  model.dispose();
  const before = server.asked.length;
  await pass(30000);
  expect(server.asked).toHaveLength(before);
});
