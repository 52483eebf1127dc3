import { describe, expect, it } from 'vitest';

import { contextCell, problemOf } from '../contextline';
import { OPTIONS } from './options';

const [master, cores, , conf, name] = OPTIONS;

describe('the cell', () => {
  it('says what was entered, in the order of the options', () => {
    const values = { '-o': 'sc', '--cores': '2', '--master': 'local[2]', '--debug': '1' };
    expect(contextCell(OPTIONS, values, true)).toBe('%zoo_context --master local[2] --cores 2 --debug -o sc');
  });

  it('loads zoo_lab first where the notebook does not', () => {
    expect(contextCell(OPTIONS, {}, false)).toBe('%load_ext zoo_lab\n%zoo_context');
  });

  it('gives each property a word of its own, in quotes where the magic would read more into it', () => {
    const values = { '--conf': 'spark.a=1\n\n spark.b=x y\nspark.c={{PWD}}/lib:$HOME' };
    expect(contextCell(OPTIONS, values, true)).toBe(
      "%zoo_context --conf spark.a=1 --conf spark.b='x y' --conf spark.c='{{PWD}}/lib:$HOME'"
    );
  });
});

describe('a value', () => {
  it.each([
    [master, 'anything', ''],
    [cores, '4', ''],
    [cores, '0', 'N'],
    [cores, 'two', 'N'],
    [name, 'sc', ''],
    [name, '2sc', 'NAME'],
    [conf, 'spark.a=1\nspark.b=2', ''],
    [conf, 'spark.a=1\nspark.b', 'KEY=VALUE'],
    [cores, '', '']
  ])('of %o, %s, is wrong as %s', (option, value, problem) => expect(problemOf(option, value)).toBe(problem));
});
