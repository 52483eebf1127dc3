import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { StatusItem } from '../item';
import { StatusModel } from '../model';
import { FakeServer } from './server';
import { context, kernelState, run } from './states';

let server: FakeServer;
let model: StatusModel;
let item: StatusItem;
const open = vi.fn();

beforeEach(() => {
  server = new FakeServer();
  model = new StatusModel(server.settings);
  item = new StatusItem(model, nullTranslator.load('zoo_lab'), server.settings.baseUrl, open);
  Widget.attach(item, document.body);
});

afterEach(() => item.dispose());

function shown(): HTMLElement | null {
  return item.node.querySelector('.jp-ZooLab-Status');
}

it('shows nothing, and says so, until there is a context', () => {
  expect(item.isActive).toBe(false);
  expect(shown()).toBeNull();
});

it('shows the context, with the details as its tooltip', async () => {
  server.kernels = [kernelState([context()], [run()])];
  model.watch({ id: 'k1', busy: true });
  await vi.waitFor(() => expect(shown()?.textContent).toContain('epoch 2/5'));
  expect(item.isActive).toBe(true);
  expect(shown()?.title).toContain('Spark UI: http://127.0.0.1:8888/user/ada/proxy/4040/jobs/');
  expect(shown()?.dataset.zooLabState).toBe('running');
});

it('opens the panel when it is pressed', async () => {
  server.kernels = [kernelState([context()])];
  model.watch({ id: 'k1', busy: false });
  await vi.waitFor(() => expect(shown()).not.toBeNull());
  shown()?.click();
  expect(open).toHaveBeenCalledTimes(1);
});

it('takes its model along', () => {
  item.dispose();
  expect(model.isDisposed).toBe(true);
});
