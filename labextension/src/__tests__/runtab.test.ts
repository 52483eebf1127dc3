import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { furnish } from '../../../tests/widgets/page.js';
import { RunTab } from '../runtab';
import { FakeServer } from './server';

const RECORD = { version: 1, run: 'r1', name: 'digits', state: 'running', status: 'epoch 1/2', curves: { iteration: [] } };
let server: FakeServer;
let tab: RunTab;

beforeEach(() => {
  furnish();
  vi.useFakeTimers();
  server = new FakeServer();
  server.answers = { '/runs/': RECORD };
  tab = new RunTab(server.settings, 'k1', 'r1', 'unknown run');
});

afterEach(() => {
  tab.dispose();
  vi.useRealTimers();
});

it('follows the run, with buttons, until it is over', async () => {
  await vi.advanceTimersByTimeAsync(2500);
  expect(tab.node.querySelector('.zoo-name')?.textContent).toBe('digits');
  expect(tab.node.querySelector<HTMLElement>('.zoo-buttons')?.hidden).toBe(false);
  server.answers = { '/runs/': { ...RECORD, state: 'finished' } };
  await vi.advanceTimersByTimeAsync(2500);
  const asked = server.asked.length;
  await vi.advanceTimersByTimeAsync(20000);
  expect(server.asked).toHaveLength(asked);
});

it('follows on where weights are kept: a branch may begin later', async () => {
  server.answers = { '/runs/': { ...RECORD, state: 'finished', kept: [10] } };
  await vi.advanceTimersByTimeAsync(2500);
  const asked = server.asked.length;
  await vi.advanceTimersByTimeAsync(10000);
  expect(server.asked.length).toBeGreaterThan(asked);
});

it('says so where the server knows no such run', async () => {
  server.status = 404;
  await vi.advanceTimersByTimeAsync(2500);
  expect(tab.node.textContent).toContain('unknown run');
});
