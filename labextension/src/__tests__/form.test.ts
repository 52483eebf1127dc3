import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, expect, it } from 'vitest';

import { ContextForm } from '../form';
import { OPTIONS } from './options';

let form: ContextForm;

beforeEach(() => {
  document.body.replaceChildren();
  form = new ContextForm(OPTIONS, nullTranslator.load('zoo_lab'));
  document.body.append(form.node);
});

function field(label: string): HTMLInputElement {
  const element = Array.from(form.node.querySelectorAll('label')).find(each => each.textContent === label);
  return document.getElementById(element?.htmlFor ?? '') as HTMLInputElement;
}

function enter(label: string, value: string): void {
  field(label).value = value;
  field(label).dispatchEvent(new Event('input'));
}

it('has a labelled and explained field for each option', () => {
  expect(field('Master').placeholder).toBe('local[*]');
  expect(field('Debug').type).toBe('checkbox');
  expect(field('Properties').tagName).toBe('TEXTAREA');
  const help = document.getElementById(field('Master').getAttribute('aria-describedby') ?? '');
  expect(help?.textContent).toBe('where Spark runs');
});

it('offers values', () => {
  const list = document.getElementById(field('Master').getAttribute('list') ?? '');
  expect(Array.from(list?.children ?? []).map(each => (each as HTMLOptionElement).value)).toEqual(['local[2]', 'yarn']);
});

it('hands over what was entered, without what is wrong, which it marks', () => {
  enter('Master', 'yarn');
  enter('Cores', 'two');
  field('Debug').checked = true;
  expect(form.getValue()).toEqual({ '--master': 'yarn', '--debug': '1' });
  expect(field('Cores').getAttribute('aria-invalid')).toBe('true');
  enter('Cores', '2');
  expect(field('Cores').getAttribute('aria-invalid')).toBe('false');
  expect(form.getValue()['--cores']).toBe('2');
});
