/** The cell that starts a context: what the form's values are as a line of %zoo_context. */
import { IContextOption } from './api';

/** Option name → what the user entered; a flag is "1" when set. */
export type ContextValues = Record<string, string>;

/** The source of the cell, which loads zoo_lab first unless the notebook does already. */
export function contextCell(options: IContextOption[], values: ContextValues, loaded: boolean): string {
  const line = ['%zoo_context', ...options.flatMap(option => words(option, values[option.name] ?? ''))].join(' ');
  return loaded ? line : `%load_ext zoo_lab\n${line}`;
}

/** What is wrong with a value, or "". */
export function problemOf(option: IContextOption, value: string): string {
  const text = value.trim();
  if (!text) {
    return '';
  }
  const wrong = {
    number: !/^[1-9]\d*$/.test(text),
    name: !/^[A-Za-z_]\w*$/.test(text),
    pair: lines(text).some(line => !/^[^=\s]+=./.test(line)),
    text: false,
    flag: false
  };
  return wrong[option.kind] ? option.metavar : '';
}

function words(option: IContextOption, value: string): string[] {
  const text = value.trim();
  if (!text) {
    return [];
  }
  if (option.kind === 'flag') {
    return [option.name];
  }
  const given = option.many ? lines(text) : [text];
  return given.map(each => `${option.name} ${option.kind === 'pair' ? quotedPair(each) : quoted(each)}`);
}

function lines(text: string): string[] {
  return text.split('\n').map(line => line.trim()).filter(Boolean);
}

function quotedPair(pair: string): string {
  const at = pair.indexOf('=');
  return `${pair.slice(0, at)}=${quoted(pair.slice(at + 1))}`;
}

/** In single quotes where the magic would read more into it: blanks, comments, braces and names to fill in. */
function quoted(text: string): string {
  if (/^[\w./:*,@+%-]+$/.test(text) || /^local\[[\w*,]+\]$/.test(text)) {
    return text;
  }
  return text.includes("'") ? `"${text.replace(/"/g, '')}"` : `'${text}'`;
}
