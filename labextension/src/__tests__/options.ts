/** Options as the server names them, for the tests. */
import { IContextOption } from '../api';

export function option(values: Partial<IContextOption>): IContextOption {
  return {
    name: '--master',
    kind: 'text',
    metavar: 'URL',
    help: 'where Spark runs',
    title: 'Master',
    default: 'local[*]',
    suggestions: ['local[2]', 'yarn'],
    many: false,
    ...values
  };
}

export const OPTIONS = [
  option({}),
  option({ name: '--cores', kind: 'number', metavar: 'N', title: 'Cores', default: 'all', suggestions: [] }),
  option({ name: '--debug', kind: 'flag', metavar: '', title: 'Debug', default: '', suggestions: [] }),
  option({ name: '--conf', kind: 'pair', metavar: 'KEY=VALUE', title: 'Properties', suggestions: [], many: true }),
  option({ name: '-o', kind: 'name', metavar: 'NAME', title: 'Keep as', default: '', suggestions: [] })
];
