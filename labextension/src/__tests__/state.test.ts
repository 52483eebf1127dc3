import { expect, it } from 'vitest';

import { currentContext, currentRun, isUnderWay } from '../state';
import { context, kernelState, run } from './states';

it('finds the newest context and run that count', () => {
  const state = kernelState(
    [context({ app: 'a' }), context({ app: 'b' }), context({ app: 'c', state: 'stopped' })],
    [run({ id: '1' }), run({ id: '2', state: 'failed' })]
  );
  expect(currentContext(state)?.app).toBe('b');
  expect(currentRun(state)?.id).toBe('1');
  expect(currentContext(kernelState([]))).toBeNull();
});

it('takes a paused run for one that is under way', () => {
  expect(isUnderWay(run({ state: 'paused' }))).toBe(true);
  expect(isUnderWay(run({ state: 'early' }))).toBe(false);
});
