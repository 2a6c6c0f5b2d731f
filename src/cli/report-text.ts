import { printable } from '../values/printable.ts';
import { columns } from './columns.ts';

// The parts of which the texts of `inspect` are made.

export type Rows = readonly (readonly [head: string, text: string | null])[];

/** Writes a title and rows below it. Rows without content are left out, and so is a block without rows. */
export function block(title: string, rows: Rows): string[] {
  const full = rows.flatMap(([head, text]) => (text ? [[head, text] as const] : []));
  return full.length === 0 ? [] : ['', `${title}:`, ...columns(full).split('\n')];
}

export const name = (text: string): string => (/^[^\s"]+$/.test(text) ? text : JSON.stringify(text));
/** Lists each name once: a module may import the same item twice. */
export const names = (items: readonly { name: string }[]): string =>
  wrap([...new Set(items.map(item => name(item.name)))]);
export const list = (lines: readonly string[]): string => lines.join('\n');

const LINE = 95;

/** Joins words into lines that fit beside the first column. */
export function wrap(words: readonly string[], separator = ', '): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + separator.length + word.length <= LINE) {
      lines[lines.length - 1] = last + separator + word;
    } else lines.push(word);
  }
  return lines.join(`${separator.trimEnd()}\n`);
}

/** Wraps a message. A line end inside it comes from a name and is escaped, else it would look like a line of the report. */
export const prose = (text: string): string => wrap(printable(text).split(' '), ' ');
