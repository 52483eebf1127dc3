import { LabIcon } from '@jupyterlab/ui-components';
import { expect, it } from 'vitest';

import { pauseIcon, zooIcon } from '../icons';

it.each([zooIcon, pauseIcon])('draws $name, in the colour that the theme gives icons', icon => {
  const [svg] = [icon.element()].flatMap(element => Array.from(element.querySelectorAll('svg')));
  expect(svg.getAttribute('viewBox')).toBe('0 0 24 24');
  const drawn = Array.from(svg.querySelectorAll('path, circle'));
  expect(drawn.length).toBeGreaterThan(0);
  expect(drawn.every(part => part.closest('.jp-icon3'))).toBe(true);
});

it('has names of its own', () => {
  expect(LabIcon.resolve({ icon: 'zoo-lab:zoo' })).toBe(zooIcon);
  expect(LabIcon.resolve({ icon: 'zoo-lab:pause' })).toBe(pauseIcon);
});
