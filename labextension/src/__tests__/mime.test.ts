import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { furnish } from '../../../tests/widgets/page.js';
import { fetchRecord } from '../api';
import extension, { rulesInMidRun, SavedRun } from '../mime';
import { RUN_MIME } from '../record';

vi.mock('../api', () => ({ fetchRecord: vi.fn() }));

const RECORD = {
  version: 1,
  run: 'run-1',
  name: 'digits',
  state: 'finished',
  status: 'Finished after 4 iterations in 2.0 s.',
  seconds: 2,
  iterations: 4,
  samples_per_second: 256,
  parts: { compute: 0.03, schedule: 0.01 },
  marks: [[2, 'checkpoint', 'checkpoint saved']],
  settings: { model: 'Sequential', epochs: 2, steps_per_epoch: 2, workers: 2, sync: 'shared' },
  curves: { iteration: [1, 2, 3, 4], loss: [4, null, 2, 1] },
  epochs: { epoch: [0, 1], iteration: [2, 4], val_loss: [3, 1.5] }
};
let saved: SavedRun;

beforeEach(() => {
  furnish();
  saved = new SavedRun();
  document.body.append(saved.node);
});

afterEach(() => {
  saved.dispose();
  saved.node.remove();
});

const model = (record: unknown) => ({ data: { [RUN_MIME]: record, 'text/plain': 'digits: Finished' } }) as any;
const find = (selector: string) => saved.node.querySelector<HTMLElement>(selector);

it('goes before the pictures of the same output', () => {
  expect(extension).toMatchObject({ rendererFactory: { mimeTypes: [RUN_MIME], defaultRank: 40, safe: true } });
});

it('draws the run with its values, without buttons that no kernel hears', async () => {
  await saved.renderModel(model(RECORD));
  expect(find('.zoo-name')?.textContent).toBe('digits');
  expect(find('.zoo-status')?.textContent).toBe(RECORD.status);
  expect(find('.zoo-buttons')?.hidden).toBe(true);
  expect(find('.zoo-canvas')?.getAttribute('aria-valuenow')).toBe('4');
  expect(find('.zoo-legend')?.textContent).toContain('loss 1 · val 1.5');
  expect(saved.node.classList.contains('zoo-twin')).toBe(false);
});

it('offers a branch where the kernel still has the weights, and only there', async () => {
  const kept = { ...RECORD, kernel: 'kernel-1', kept: [2], knobs: { learning_rate: 0.1 } };
  const fetched = vi.mocked(fetchRecord).mockRejectedValueOnce(new Error('404'));
  await saved.renderModel(model(kept));
  expect(fetched.mock.calls[0].slice(1)).toEqual(['kernel-1', 'run-1']);
  expect(find('.zoo-branching')?.hidden).toBe(true);
  fetched.mockResolvedValue(kept);
  await saved.renderModel(model(kept));
  await vi.waitFor(() => expect(find('.zoo-branching')?.hidden).toBe(false));
  expect(find('.zoo-buttons')?.hidden).toBe(true);
});

it('is no live monitor to the rules of style', async () => {
  await saved.renderModel(model(RECORD));
  expect(find('.zoo-monitor')?.dataset.run).toBeUndefined();
});

it('gives way to the live monitor in mid-run, and follows newer records', async () => {
  await saved.renderModel(model({ ...RECORD, state: 'running', status: 'epoch 1/2 · step 1/2' }));
  expect(saved.node.classList.contains('zoo-twin')).toBe(true);
  expect(find('style')?.textContent).toBe(rulesInMidRun('run-1'));
  expect(find('.zoo-buttons')?.hidden).toBe(true);
  await saved.renderModel(model(RECORD));
  await vi.waitFor(() => expect(find('.zoo-status')?.textContent).toBe(RECORD.status));
});

it('draws nothing beside the live monitor of the same run', async () => {
  const live = document.body.appendChild(document.createElement('div'));
  live.className = 'zoo-monitor';
  live.dataset.run = 'run-1';
  await saved.renderModel(model({ ...RECORD, state: 'running' }));
  expect(find('.zoo-monitor')).toBeNull();
  live.remove();
  await saved.renderModel(model(RECORD));
  expect(find('.zoo-monitor')).not.toBeNull();
});

it('shows the words of a record that it does not know', async () => {
  await saved.renderModel(model({ version: 99 }));
  expect(saved.node.textContent).toContain('digits: Finished');
});
