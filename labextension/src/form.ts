/** The form for a new context: one field for each option that the server names. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { IContextOption } from './api';
import { ContextValues, problemOf } from './contextline';

/** The body of the dialog; `getValue` is what it hands over. */
export class ContextForm extends Widget {
  constructor(options: IContextOption[], trans: TranslationBundle) {
    super({ node: document.createElement('form') });
    this.addClass('jp-ZooLab-Form');
    this._options = options;
    this._trans = trans;
    for (const option of options) {
      this.node.append(this._field(option));
    }
  }

  /** What was entered, by option; what is wrong is left out. */
  getValue(): ContextValues {
    const entries = this._options.map(option => [option.name, this._value(option)] as const);
    return Object.fromEntries(entries.filter(([, value], index) => value && !problemOf(this._options[index], value)));
  }

  private _field(option: IContextOption): HTMLElement {
    const id = `zoo-lab-form${option.name}`;
    const field = document.createElement('div');
    field.className = 'jp-ZooLab-Field';
    const label = Object.assign(document.createElement('label'), { htmlFor: id, textContent: option.title });
    const help = Object.assign(document.createElement('small'), { id: `${id}-help`, textContent: this._help(option) });
    const input = this._input(option);
    input.id = id;
    input.setAttribute('aria-describedby', help.id);
    this._inputs.set(option.name, input);
    input.addEventListener('input', () => this._check(option, input, help));
    field.append(label, input, ...this._suggestions(option, input), help);
    return field;
  }

  private _input(option: IContextOption): HTMLInputElement | HTMLTextAreaElement {
    if (option.many) {
      return Object.assign(document.createElement('textarea'), { rows: 2, placeholder: option.metavar });
    }
    const input = document.createElement('input');
    input.type = option.kind === 'flag' ? 'checkbox' : 'text';
    input.placeholder = option.default || option.metavar;
    input.autocomplete = 'off';
    return input;
  }

  private _suggestions(option: IContextOption, input: HTMLElement): HTMLElement[] {
    if (option.suggestions.length === 0) {
      return [];
    }
    const list = document.createElement('datalist');
    list.id = `${input.id}-list`;
    input.setAttribute('list', list.id);
    list.append(...option.suggestions.map(value => Object.assign(document.createElement('option'), { value })));
    return [list];
  }

  private _help(option: IContextOption): string {
    const many = option.many ? this._trans.__(' (one in a line)') : '';
    return option.help + many;
  }

  private _check(option: IContextOption, input: HTMLElement, help: HTMLElement): void {
    const problem = problemOf(option, this._value(option));
    input.setAttribute('aria-invalid', String(problem !== ''));
    help.textContent = problem ? this._expected(option) : this._help(option);
  }

  private _expected(option: IContextOption): string {
    const words = {
      number: this._trans.__('Expected a whole number from 1 on.'),
      name: this._trans.__('Expected a name of a Python variable.'),
      pair: this._trans.__('Expected KEY=VALUE in each line.'),
      text: '',
      flag: ''
    };
    return words[option.kind];
  }

  private _value(option: IContextOption): string {
    const input = this._inputs.get(option.name);
    if (input instanceof HTMLInputElement && input.type === 'checkbox') {
      return input.checked ? '1' : '';
    }
    return input?.value ?? '';
  }

  private _inputs = new Map<string, HTMLInputElement | HTMLTextAreaElement>();
  private _options: IContextOption[];
  private _trans: TranslationBundle;
}
