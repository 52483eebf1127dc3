import { expect, it } from 'vitest';

import { Sparkline, sparkPoints } from '../sparkline';

it('goes from the left to the right and puts the largest value on top', () => {
  expect(sparkPoints([2, 1, 0], 24, 24)).toBe('2.0,2.0 12.0,12.0 22.0,22.0');
});

it('leaves out what is unknown but keeps its place', () => {
  expect(sparkPoints([1, null, 0], 24, 24)).toBe('2.0,2.0 22.0,22.0');
});

it('draws a flat curve too', () => {
  expect(sparkPoints([1, 1], 24, 24)).toBe('2.0,22.0 22.0,22.0');
});

it('is not there before there are two points', () => {
  expect(Sparkline({ values: [1, null], label: 'x' })).toBeNull();
  expect(Sparkline({ values: [1, 2], label: 'x' })).not.toBeNull();
});
