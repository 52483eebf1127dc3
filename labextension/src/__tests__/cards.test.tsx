import { nullTranslator } from '@jupyterlab/translation';
import React from 'react';
import { flushSync } from 'react-dom';
import { createRoot, Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { bytes, ContextCard, IconButton, RunCard, runFacts } from '../cards';
import { pauseIcon } from '../icons';
import { IContextState, IRunState } from '../state';
import { context, run } from './states';

const trans = nullTranslator.load('zoo_lab');
let root: Root;
let place: HTMLElement;

beforeEach(() => {
  place = document.body.appendChild(document.createElement('div'));
  root = createRoot(place);
});

afterEach(() => {
  root.unmount();
  place.remove();
});

const show = (element: JSX.Element) => flushSync(() => root.render(element));
const labels = () => Array.from(place.querySelectorAll('button[aria-label]')).map(each => each.getAttribute('aria-label'));

function showContext(values: Partial<IContextState>, onStop = () => undefined): void {
  const baseUrl = 'http://127.0.0.1:8888/';
  show(<ContextCard context={context(values)} trans={trans} baseUrl={baseUrl} onStop={onStop} />);
}

function showRun(values: Partial<IRunState>): Record<'onJump' | 'onOpen' | 'onAsk', ReturnType<typeof vi.fn>> {
  const actions = { onJump: vi.fn(), onOpen: vi.fn(), onAsk: vi.fn() };
  show(<RunCard run={run(values)} trans={trans} {...actions} />);
  return actions;
}

it('writes bytes as people read them', () => {
  expect([0, 2 ** 20, 1.5 * 2 ** 29, 2 ** 30, 2.25 * 2 ** 30].map(bytes)).toEqual(['0 MB', '1 MB', '768 MB', '1.0 GB', '2.3 GB']);
});

it('names a button that is an icon', () => {
  const press = vi.fn();
  show(<IconButton icon={pauseIcon} label="Pause lenet" onClick={press} />);
  const button = place.querySelector('button')!;
  button.click();
  expect(press).toHaveBeenCalledOnce();
  expect([button.type, button.title, button.getAttribute('aria-label')]).toEqual(['button', 'Pause lenet', 'Pause lenet']);
});

it('stops a context that is not stopped yet', () => {
  const stop = vi.fn();
  showContext({}, stop);
  place.querySelector<HTMLElement>('[aria-label="Stop the context digits"]')?.click();
  expect(stop).toHaveBeenCalledOnce();
  showContext({ state: 'stopped' });
  expect(labels()).toEqual([]);
});

it('leads to the Spark UI in another tab, where there is one', () => {
  showContext({});
  const link = place.querySelector('a')!;
  expect([link.href, link.target, link.rel]).toEqual(['http://127.0.0.1:4040/', '_blank', 'noopener noreferrer']);
  showContext({ ui: null });
  expect(place.querySelector('a')).toBeNull();
});

it('shows a context of which nothing but its name is known', () => {
  showContext({ master: null, executors: null, slots: null, memory: null, state: null, ui: null });
  expect(place.querySelector('.jp-ZooLab-CardName')?.textContent).toBe('digits');
  expect(place.querySelector('.jp-ZooLab-Card')?.getAttribute('data-zoo-lab-state')).toBe('starting');
});

it('fills a meter by the share that is in use, and no further', () => {
  const executor = { id: 'driver', host: 'here', cores: 2, busy: 1, memory: 0, memory_used: 5 };
  showContext({ usage: { jobs: 1, executors: [executor, { ...executor, id: '2', busy: 3 }] } });
  const meters = Array.from(place.querySelectorAll<HTMLElement>('[role=meter] span'));
  expect(meters.map(({ style }) => style.width)).toEqual(['50%', '0%', '100%', '0%']);
  expect(Array.from(place.querySelectorAll('.jp-ZooLab-Executor')).map(each => each.textContent)).toEqual(['driver', 'executor 2']);
  expect(place.textContent).toContain('1 job runs');
});

it.each([
  ['running', ['Pause lenet', 'Stop lenet', 'Open lenet in a tab']],
  ['paused', ['Resume lenet', 'Stop lenet', 'Open lenet in a tab']],
  ['finished', ['Open lenet in a tab']],
  ['failed', ['Open lenet in a tab']]
] as const)('offers what a run that is %s can be asked for', (state, wanted) => {
  showRun({ state });
  expect(labels()).toEqual(wanted);
  expect(place.querySelector('[role=progressbar]') === null).toBe(!['running', 'paused'].includes(state));
});

it('asks for just that', () => {
  const { onJump, onOpen, onAsk } = showRun({});
  place.querySelectorAll<HTMLElement>('button').forEach(button => button.click());
  expect(onAsk.mock.calls).toEqual([['pause'], ['stop']]);
  expect([onJump.mock.calls.length, onOpen.mock.calls.length]).toEqual([1, 1]);
});

it('says how far a run is, with the loss where nothing better is known', () => {
  expect(runFacts(run(), trans)).toEqual(['running', 'epoch 2/5', 'loss 0.1235', '41 s left']);
  expect(runFacts(run({ state: 'paused', epoch: 9 }), trans)).toEqual(['paused', 'epoch 5/5', 'loss 0.1235']);
  expect(runFacts(run({ loss: null, epochs: 0, eta_seconds: null }), trans)).toEqual(['running']);
});
