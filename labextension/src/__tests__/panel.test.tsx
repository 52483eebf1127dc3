import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { IPanelActions, ZooPanel } from '../panel';
import { PanelModel } from '../panelmodel';
import { IKernelState } from '../state';
import { FakeServer } from './server';
import { context, kernelState, run } from './states';

let server: FakeServer;
let model: PanelModel;
let panel: ZooPanel;
let actions: Record<keyof IPanelActions, ReturnType<typeof vi.fn>>;

const EXECUTOR = { id: '1', host: 'node-1', cores: 4, busy: 3, memory: 2 * 2 ** 30, memory_used: 512 * 2 ** 20 };

beforeEach(() => {
  server = new FakeServer();
  model = new PanelModel(server.settings);
  const names = ['newContext', 'openQuickstart', 'insert', 'jump', 'open', 'ask', 'stopContext'] as const;
  actions = Object.fromEntries(names.map(name => [name, vi.fn()])) as typeof actions;
  actions.nameOf = vi.fn(() => 'work/digits.ipynb');
  actions.currentKernel = vi.fn(() => 'k1');
  const { baseUrl } = server.settings;
  panel = new ZooPanel(model, nullTranslator.load('zoo_lab'), baseUrl, actions as unknown as IPanelActions);
  Widget.attach(panel, document.body);
});

afterEach(() => panel.dispose());

async function show(...states: IKernelState[]): Promise<void> {
  server.kernels = states;
  await model.refresh();
  await vi.waitFor(() => expect(panel.node.textContent).toContain(states.length ? 'digits.ipynb' : 'No notebook'));
}

const cards = () => Array.from(panel.node.querySelectorAll('.jp-ZooLab-Run'));
const press = (label: string) => panel.node.querySelector<HTMLElement>(`[aria-label="${label}"]`)?.click();

it('offers a context and the quickstart where there is none yet', async () => {
  await show();
  const [first, second] = Array.from(panel.node.querySelectorAll<HTMLElement>('.jp-ZooLab-Wide'));
  first.click();
  second.click();
  expect(actions.newContext).toHaveBeenCalledTimes(1);
  expect(actions.openQuickstart).toHaveBeenCalledTimes(1);
});

it('shows how busy each executor is, and where Spark itself is seen', async () => {
  await show(kernelState([context({ usage: { jobs: 2, executors: [EXECUTOR] } })]));
  const meters = Array.from(panel.node.querySelectorAll('[role=meter]'));
  expect(meters.map(meter => meter.getAttribute('aria-valuetext'))).toEqual(['3/4 cores', '512 MB / 2.0 GB']);
  expect(panel.node.textContent).toContain('warm · 4g · 2 jobs run');
  expect(panel.node.querySelector('a')?.getAttribute('href')).toContain('/user/ada/proxy/4040/jobs/');
});

it('shows runs newest first, those under way all, of the others only some', async () => {
  const ended = Array.from({ length: 5 }, (_, index) => run({ id: `e${index}`, name: `e${index}`, state: 'finished' }));
  panel.endedRuns = 2;
  await show(kernelState([context()], [run({ id: 'old', name: 'old', state: 'paused' }), ...ended]));
  expect(cards().map(card => card.querySelector('.jp-ZooLab-RunName')?.textContent)).toEqual(['e4', 'e3', 'old']);
});

it('tells how far and how good a run is', async () => {
  const best = { name: 'val_accuracy', value: 0.98765, epoch: 2 };
  await show(kernelState([context()], [run({ best, spark: [3, 2, 1] })]));
  expect(cards()[0].textContent).toContain('running · epoch 2/5 · best val accuracy 0.9877 · 41 s left');
  expect(cards()[0].querySelector('svg[role=img]')).not.toBeNull();
  expect(cards()[0].querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')).toBe('30');
});

it('asks for what its buttons say', async () => {
  await show(kernelState([context()], [run(), run({ id: 'r2', name: 'other', state: 'paused' })]));
  press('Pause lenet');
  press('Resume other');
  press('Stop lenet');
  press('Stop the context digits');
  press('Open lenet in a tab');
  expect(actions.ask.mock.calls.map(([kernel, { id }, action]) => [kernel, id, action])).toEqual([
    ['k1', 'r1', 'pause'],
    ['k1', 'r2', 'resume'],
    ['k1', 'r1', 'stop']
  ]);
  expect(actions.stopContext).toHaveBeenCalledWith('k1', 'digits');
  expect(actions.open.mock.calls[0][1].id).toBe('r1');
  cards()[1].querySelector<HTMLElement>('.jp-ZooLab-RunName')?.click();
  expect(actions.jump).toHaveBeenCalledTimes(1);
});

it('inserts a snippet', async () => {
  await show();
  panel.node.querySelector<HTMLElement>('.jp-ZooLab-Insert button')?.click();
  expect(actions.insert).toHaveBeenCalledWith('%load_ext zoo_lab\n%zoo_context');
});

it('says what to do where the server does not know zoo_lab', async () => {
  await show();
  server.status = 404;
  await model.refresh();
  await vi.waitFor(() => expect(panel.node.querySelector('[role=alert]')?.textContent).toContain('Install zoo-lab'));
});

it('shows the kernels of several notebooks, that of the notebook in front first', async () => {
  actions.nameOf.mockImplementation((kernel: string) => `work/${kernel}-digits.ipynb`);
  actions.currentKernel.mockReturnValue('k2');
  await show(kernelState([context()]), kernelState([context({ master: 'yarn' })], [], 'k2'), kernelState([], [], 'k3'));
  const heads = Array.from(panel.node.querySelectorAll('h3')).map(head => head.textContent);
  expect(heads).toEqual(['k2-digits.ipynb', 'k1-digits.ipynb']);
});
