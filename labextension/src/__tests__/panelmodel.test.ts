import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { PanelModel } from '../panelmodel';
import { FakeServer } from './server';
import { context, kernelState } from './states';

let server: FakeServer;
let model: PanelModel;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5); // the pauses after a failure are drawn at random
  server = new FakeServer();
  server.kernels = [kernelState([context()]), kernelState([], [], 'k2')];
  model = new PanelModel(server.settings);
});

afterEach(() => {
  model.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

it('asks only while it is watched', async () => {
  await pass(10000);
  expect(server.asked).toHaveLength(0);
  model.watch(true);
  await pass(10000);
  expect(server.asked.length).toBeGreaterThanOrEqual(5);
  model.watch(false);
  const before = server.asked.length;
  await pass(10000);
  expect(server.asked).toHaveLength(before);
});

it('puts the kernel of the notebook in front first', async () => {
  await model.refresh();
  expect(model.states('k2').map(state => state.kernel)).toEqual(['k2', 'k1']);
  expect(model.state('k1')?.contexts).toHaveLength(1);
  expect(model.state(null)).toBeNull();
});

it('tells a server without zoo_lab from one that does not answer, and keeps what it knew', async () => {
  await model.refresh();
  server.status = 404;
  await model.refresh();
  expect(model.problem).toBe('missing');
  server.status = 503;
  await model.refresh();
  expect(model.problem).toBe('silent');
  expect(model.state('k1')).not.toBeNull();
  server.status = 200;
  await model.refresh();
  expect(model.problem).toBe('');
});

it('looks soon what came of a request', async () => {
  model.watch(true);
  await pass(100);
  const before = server.asked.length;
  const sent = model.request('k1', { action: 'stop', run: 'r1' });
  await pass(1000);
  expect(await sent).toBe('');
  expect(server.asked.slice(before).map(request => request.method)).toEqual(['POST', 'GET']);
});

it('says why a request did not arrive', async () => {
  server.status = 404;
  expect(await model.request('k1', { action: 'stop', run: 'r1' })).not.toBe('');
});
