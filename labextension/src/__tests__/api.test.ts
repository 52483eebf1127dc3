import { expect, it } from 'vitest';

import { fetchContextOptions, fetchKernelStates, fetchQuickstart, fetchRecord, postRequest } from '../api';
import { FakeServer } from './server';
import { context, kernelState } from './states';

const API = 'http://127.0.0.1:8888/user/ada/zoo-lab/api';

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

it('asks for a run, the options and the quickstart at their routes', async () => {
  const server = new FakeServer();
  server.answers = { '/runs/': { name: 'digits' }, 'context-options': { options: [1] }, quickstart: { cells: [] } };
  expect(await fetchRecord(server.settings, 'k1', '../x')).toEqual({ name: 'digits' });
  expect(server.asked[0].url).toContain(`${API}/kernels/k1/runs/..%2Fx`);
  expect(await fetchContextOptions(server.settings)).toEqual([1]);
  expect(await fetchQuickstart(server.settings)).toEqual({ cells: [] });
});

it('leaves a request with the kernel, and rejects where it is not taken', async () => {
  const server = new FakeServer();
  await postRequest(server.settings, 'k1', { action: 'pause', run: 'r1' });
  expect(server.asked[0].method).toBe('POST');
  expect(server.asked[0].url).toContain(`${API}/kernels/k1/requests`);
  expect(await server.asked[0].json()).toEqual({ action: 'pause', run: 'r1' });
  server.status = 404;
  await expect(postRequest(server.settings, 'k2', { action: 'stop', run: 'r1' })).rejects.toThrow();
});
