import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { duration, statusDetails, statusText } from '../text';
import { context, kernelState, run } from './states';

const trans = nullTranslator.load('zoo_lab');
const HERE = 'http://127.0.0.1:8888/';

describe('the line in the status bar', () => {
  it('names master, slots and warmth', () => {
    expect(statusText(kernelState([context()]), trans)).toBe('zoo_lab: local[2] · 2 slots · warm');
  });

  it('says how many of the slots are busy, where Spark tells', () => {
    const executor = { id: '1', host: 'node-1', cores: 2, busy: 1, memory: 1, memory_used: 0 };
    const usage = { jobs: 1, executors: [executor, { ...executor, id: '2', busy: 2 }] };
    const busy = context({ slots: 4, usage });
    expect(statusText(kernelState([busy]), trans)).toBe('zoo_lab: local[2] · 3/4 slots busy · warm');
    const odd = context({ slots: 1, usage });
    expect(statusText(kernelState([odd]), trans)).toBe('zoo_lab: local[2] · 1/1 slot busy · warm');
  });

  it('says slot when there is one', () => {
    const one = context({ slots: 1, state: 'cold' });
    expect(statusText(kernelState([one]), trans)).toBe('zoo_lab: local[2] · 1 slot · cold');
  });

  it('shows epoch and time left while a run is on', () => {
    const state = kernelState([context()], [run({ state: 'finished' }), run()]);
    expect(statusText(state, trans)).toBe('zoo_lab: local[2] · 2 slots · epoch 2/5 · 41 s left');
  });

  it('leaves the time out while it is not known', () => {
    const state = kernelState([context()], [run({ eta_seconds: null })]);
    expect(statusText(state, trans)).toBe('zoo_lab: local[2] · 2 slots · epoch 2/5');
  });

  it('leaves out what the kernel does not know yet', () => {
    const young = context({ executors: null, slots: null, memory: null, state: 'starting', ui: null });
    expect(statusText(kernelState([young]), trans)).toBe('zoo_lab: local[2] · starting');
    expect(statusDetails(kernelState([young]), trans, HERE)).toBe('digits: local[2], starting');
    const blank = run({ iterations: 0, epochs: 0, epoch: 1, loss: null, eta_seconds: null, samples_per_second: null });
    expect(statusText(kernelState([context()], [blank]), trans)).toBe('zoo_lab: local[2] · 2 slots · starting');
    const details = statusDetails(kernelState([young], [blank]), trans, HERE);
    expect(details).toBe('digits: local[2], starting\nlenet: running');
  });

  it('is about the newest context that is not stopped', () => {
    const contexts = [context({ master: 'yarn' }), context({ master: 'k8s://x', state: 'stopped' })];
    expect(statusText(kernelState(contexts), trans)).toContain('yarn');
  });

  it('is empty without a context', () => {
    expect(statusText(kernelState([]), trans)).toBe('');
    expect(statusText(kernelState([context({ state: 'stopped' })]), trans)).toBe('');
  });
});

describe('the tooltip', () => {
  it('tells about the cluster and the run', () => {
    expect(statusDetails(kernelState([context()], [run()]), trans, HERE).split('\n')).toEqual([
      'digits: local[2], warm',
      '1 executor, 2 slots, 4g memory',
      'Spark UI: http://127.0.0.1:4040',
      'lenet: running',
      'iteration 30 of 100, epoch 2 of 5',
      'loss 0.1235, 1235 samples/s'
    ]);
  });

  it('leaves out what is not known', () => {
    const state = kernelState([context({ ui: null })], [run({ loss: null, samples_per_second: null })]);
    expect(statusDetails(state, trans, HERE)).not.toMatch(/null|NaN|UI|loss/);
  });

  it('keeps the last run when it is over', () => {
    const state = kernelState([context()], [run(), run({ name: 'mlp', state: 'early' })].slice(1));
    expect(statusDetails(state, trans, HERE)).toContain('mlp: stopped early');
  });
});

describe('a duration', () => {
  it.each([
    [0.2, '1 s'],
    [58.4, '59 s'],
    [59.4, '1 min'],
    [60, '1 min'],
    [200, '3 min'],
    [3599, '1 h 0 min'],
    [3900, '1 h 5 min']
  ])('of %d seconds reads %s', (seconds, text) => {
    expect(duration(seconds, trans)).toBe(text);
  });
});
