import { expect, it } from 'vitest';

import { currentContext, currentRun, fetchKernelStates } from '../state';
import { FakeServer } from './server';
import { context, kernelState, run } from './states';

it('asks below the base URL of the server, with its token', async () => {
  const server = new FakeServer();
  server.kernels = [kernelState([context()])];
  expect(await fetchKernelStates(server.settings)).toEqual(server.kernels);
  expect(server.asked[0].url).toMatch(/^http:\/\/127\.0\.0\.1:8888\/user\/ada\/zoo-lab\/api\/kernels/);
  expect(server.asked[0].headers.get('Authorization')).toBe('token secret');
});

it('rejects when the server has no such route', async () => {
  const server = new FakeServer();
  server.status = 404;
  await expect(fetchKernelStates(server.settings)).rejects.toThrow();
});

it('finds the newest context and run that count', () => {
  const state = kernelState(
    [context({ app: 'a' }), context({ app: 'b' }), context({ app: 'c', state: 'stopped' })],
    [run({ id: '1' }), run({ id: '2', state: 'failed' })]
  );
  expect(currentContext(state)?.app).toBe('b');
  expect(currentRun(state)?.id).toBe('1');
  expect(currentContext(kernelState([]))).toBeNull();
});
