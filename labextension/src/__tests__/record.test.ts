import { beforeEach, expect, it, vi } from 'vitest';

import { furnish } from '../../../tests/widgets/page.js';
import { isRecord, RecordView } from '../record';

const RECORD = {
  version: 1,
  run: 'run-1',
  name: 'digits',
  state: 'running',
  status: 'epoch 1/2',
  curves: { iteration: [1, 2], loss: [4, 2] }
};

beforeEach(() => furnish());

it('knows a run that it can draw from what it cannot', () => {
  expect(isRecord(RECORD)).toBe(true);
  expect(isRecord({ ...RECORD, version: 2 })).toBe(false);
  expect(isRecord({ version: 1 })).toBe(false);
  expect([null, undefined, 'run-1', 1].some(isRecord)).toBe(false);
});

it('draws a newer record in place of what was there', async () => {
  const view = new RecordView('kernel-1');
  view.show(RECORD);
  const find = (selector: string) => view.element.querySelectorAll<HTMLElement>(selector);
  expect(find('.zoo-name')[0].textContent).toBe('digits');
  view.show({ ...RECORD, name: 'digits, again', curves: { iteration: [1, 2, 3], loss: [4, 2, 1] } });
  await vi.waitFor(() => expect(find('.zoo-name')[0].textContent).toBe('digits, again'));
  expect(find('.zoo-name')).toHaveLength(1);
  expect(find('.zoo-canvas')[0].getAttribute('aria-valuenow')).toBe('3');
  view.dispose();
  view.dispose(); // a tab that is closed while its page goes away
});

it('has buttons for a kernel, and none without one', () => {
  for (const kernel of ['kernel-1', '']) {
    const view = new RecordView(kernel);
    view.show(RECORD);
    expect(view.element.querySelector<HTMLElement>('.zoo-buttons')?.hidden).toBe(kernel === '');
    view.dispose();
  }
});
