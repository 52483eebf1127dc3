import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { expect, it, vi } from 'vitest';

import plugins from '../index';
import { StatusItem } from '../item';
import { openWorkbench } from '../workbench';
import { FakeServer } from './server';

const plugin = (id: string) => plugins.find(each => each.id === id)!;
const server = new FakeServer();
const app = (execute = vi.fn()) => ({ commands: { execute }, serviceManager: { serverSettings: server.settings } }) as any;

it('has one plugin for each part, which start by themselves and say what they do', () => {
  expect(plugins.map(({ id }) => id)).toEqual(['zoo-lab:status', 'zoo-lab:spark-ui', 'zoo-lab:panel']);
  expect(plugins.every(({ autoStart, description }) => autoStart === true && description!.endsWith('.'))).toBe(true);
});

it('requires nothing, as Notebook 7 lacks some of it', () => {
  expect(plugins.flatMap(({ requires }) => requires ?? [])).toEqual([]);
});

it('gives each plugin its tokens in the order in which it takes them', () => {
  expect(plugin('zoo-lab:status').optional).toEqual([IStatusBar, INotebookTracker, ITranslator]);
  const workbench = [INotebookTracker, ICommandPalette, ILauncher, ILayoutRestorer, ISettingRegistry, ITranslator];
  expect(plugin('zoo-lab:panel').optional).toEqual(workbench);
  expect(plugin('zoo-lab:panel').activate).toBe(openWorkbench);
});

it('leaves the status bar alone where there is none, or no notebook', () => {
  const registerStatusItem = vi.fn();
  const { activate } = plugin('zoo-lab:status');
  activate(app(), null, null, null);
  activate(app(), { registerStatusItem }, null, null);
  expect(registerStatusItem).not.toHaveBeenCalled();
});

it('puts the item into the status bar, which opens the panel, and takes it back with it', () => {
  const execute = vi.fn();
  const removed = vi.fn();
  const registerStatusItem = vi.fn((_id: string, _options: any) => new DisposableDelegate(removed));
  const tracker = { currentChanged: new Signal({}), currentWidget: null };
  plugin('zoo-lab:status').activate(app(execute), { registerStatusItem }, tracker, null);
  const [id, { item, isActive }] = registerStatusItem.mock.calls[0];
  expect([id, isActive()]).toEqual(['zoo-lab:status', false]);
  expect(item).toBeInstanceOf(StatusItem);
  item.dispose();
  expect(removed).toHaveBeenCalledOnce();
});

it('mends the links to the Spark UI in the page, behind a hub', async () => {
  plugin('zoo-lab:spark-ui').activate(app(), null);
  const link = document.createElement('a');
  link.className = 'zoo-lab-spark-ui';
  link.href = 'http://127.0.0.1:4040/';
  document.body.append(link);
  await vi.waitFor(() => expect(link.href).toBe('http://127.0.0.1:8888/user/ada/proxy/4040/jobs/'));
  expect(link.title).toContain('jupyter-server-proxy');
  document.body.replaceWith(document.createElement('body')); // it goes on looking at the old one
});
