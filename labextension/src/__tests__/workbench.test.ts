import { JupyterFrontEnd } from '@jupyterlab/application';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Commands, QUICKSTART } from '../commands';
import { ZooPanel } from '../panel';
import { openWorkbench, pathOf } from '../workbench';
import { FakeServer } from './server';
import { context, kernelState, run } from './states';

let server: FakeServer;
let app: any;
let commands: CommandRegistry;
let added: Record<string, any>;
let opened: unknown[];

beforeEach(() => {
  server = new FakeServer();
  server.kernels = [kernelState([context()], [run()])];
  commands = new CommandRegistry();
  added = {};
  opened = [];
  commands.addCommand('docmanager:open', { execute: args => void opened.push(args) });
  const shell = {
    add: (widget: any, area: string) => (added[area] = widget),
    activateById: vi.fn(),
    widgets: () => Object.values(added)
  };
  const sessions = { running: () => [], runningChanged: new Signal({}) };
  const contents = { get: vi.fn(async () => Promise.reject(new Error('404'))), save: vi.fn(async () => undefined) };
  app = { commands, shell, serviceManager: { serverSettings: server.settings, sessions, contents } };
});

afterEach(() => {
  Object.values(added).forEach(widget => widget.dispose());
  document.body.replaceWith(document.createElement('body')); // a workbench listens to it for ever
});

function activate(tokens: any[] = [null, null, null, null, null, null]): void {
  (openWorkbench as any)(app as JupyterFrontEnd, ...tokens);
}

const tracker = () => ({
  currentChanged: new Signal({}),
  currentWidget: { sessionContext: { session: { kernel: { id: 'k1' } } }, content: { widgets: [] } },
  find: () => undefined
});

it('works where no token is there', () => {
  activate();
  expect(added.left).toBeInstanceOf(ZooPanel);
  expect(Object.values(Commands).every(command => commands.hasCommand(command))).toBe(true);
  expect(Object.values(Commands).every(command => commands.label(command).length > 3)).toBe(true);
});

it('adds every command to the palette and the quickstart to the launcher', () => {
  const palette = { addItem: vi.fn() };
  const launcher = { add: vi.fn() };
  activate([tracker(), palette, launcher, null, null, null]);
  const offered = new Set(palette.addItem.mock.calls.map(([item]) => item.command));
  expect(offered).toEqual(new Set(Object.values(Commands)));
  expect(launcher.add.mock.calls[0][0].command).toBe(Commands.openQuickstart);
});

it('asks the run of the notebook in front, without saying which', async () => {
  activate([tracker(), null, null, null, null, null]);
  await commands.execute(Commands.pauseRun);
  const request = server.asked[server.asked.length - 1];
  expect(request.url).toContain('/kernels/k1/requests');
  expect(await request.json()).toEqual({ action: 'pause', run: 'r1' });
});

it('writes the quickstart where it is not there yet, and opens it', async () => {
  server.answers = { quickstart: { cells: [] } };
  activate();
  await commands.execute(Commands.openQuickstart, { cwd: 'work' });
  const path = `work/${QUICKSTART}`;
  expect(app.serviceManager.contents.save).toHaveBeenCalledWith(path, {
    type: 'notebook',
    format: 'json',
    content: { cells: [] }
  });
  expect(opened).toEqual([{ path }]);
});

it('leaves a quickstart that is there as it is', async () => {
  activate();
  app.serviceManager.contents.get.mockResolvedValue({});
  await commands.execute(Commands.openQuickstart, {});
  expect(app.serviceManager.contents.save).not.toHaveBeenCalled();
  expect(opened).toEqual([{ path: QUICKSTART }]);
});

it('opens a run once, however often it is asked to', async () => {
  activate([tracker(), null, null, null, null, null]);
  await commands.execute(Commands.openRun, { kernel: 'k1', run: 'r1' });
  const first = added.main;
  await commands.execute(Commands.openRun, { kernel: 'k1', run: 'r1' });
  expect(added.main).toBe(first);
  expect(app.shell.activateById).toHaveBeenLastCalledWith('zoo-lab-run-r1');
});

it('finds the notebook of a kernel among the sessions', () => {
  const sessions = [{ path: 'a.ipynb', kernel: null }, { path: 'b.ipynb', kernel: { id: 'k2' } }];
  expect(pathOf(sessions, 'k2')).toBe('b.ipynb');
  expect(pathOf(sessions, 'k3')).toBe('');
});

it('inserts the cell that a widget asks the page for', async () => {
  const inserted = vi.fn();
  commands.addCommand('notebook:insert-cell-below', { execute: inserted });
  activate([tracker(), null, null, null, null, null]);
  const detail = { source: '%zoo_context --master local[2]' };
  const event = new CustomEvent('zoo-lab:insert', { bubbles: true, cancelable: true, detail });
  document.body.dispatchEvent(event);
  await vi.waitFor(() => expect(inserted).toHaveBeenCalledOnce(), { timeout: 5000 });
  expect(event.defaultPrevented).toBe(true);
});
