import { type SpecTable, specTable } from './spec-table.ts';

/** A parameter of a function, as a page shows it. */
export interface Value {
  name: string;
  type: string;
  meaning: string;
}

export const meanings = (values: readonly Value[]): string =>
  values.map(({ name, meaning }) => `\`${name}\`: ${meaning}.`).join(' ');

/** The types of a function, without its name, which is the heading. */
export const signature = (params: readonly Value[], results: readonly string[]): string => {
  const takes = params.map(param => `${param.name}: ${param.type}`).join(', ');
  return `\`(${takes})${results.length ? ` → ${results.join(', ')}` : ''}\``;
};

const keyOf = ({ name, meaning }: Value) => `${name}: ${meaning}`;

/** Parameters that at least `least` functions have with the same meaning, one for each name. A page describes them once. */
export function sharedParams(functions: readonly (readonly Value[])[], least: number): Value[] {
  const all = functions.flat();
  const countOf = (param: Value) => all.filter(other => keyOf(other) === keyOf(param)).length;
  const names = [...new Set(all.map(({ name }) => name))];
  return names
    .map(name =>
      all
        .filter(param => param.name === name)
        .reduce((most, param) => (countOf(param) > countOf(most) ? param : most)),
    )
    .filter(param => countOf(param) >= least);
}

export const withoutShared = (params: readonly Value[], shared: readonly Value[]): Value[] =>
  params.filter(param => !shared.some(other => keyOf(other) === keyOf(param)));

export const sharedParamsTable = (rows: readonly Value[]): SpecTable =>
  specTable<Value>({
    title: 'Parameters of several functions',
    intro: 'Functions describe only their other parameters.',
    rows,
    id: keyOf,
    layout: 'table',
    columns: [
      { head: 'Parameter', cell: row => `\`${row.name}: ${row.type}\`` },
      { head: 'Meaning', cell: row => row.meaning },
    ],
  });
