import { nullTranslator } from '@jupyterlab/translation';
import { expect, it } from 'vitest';

import { snippets } from '../snippets';

it('names each snippet once and leaves none empty', () => {
  const all = snippets(nullTranslator.load('zoo_lab'));
  expect(new Set(all.map(snippet => snippet.id)).size).toBe(all.length);
  expect(all.every(snippet => snippet.source && snippet.label)).toBe(true);
});
