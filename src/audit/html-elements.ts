import { printable } from '../values/printable.ts';

/** A piece of HTML. Foreign texts become one by `text` only, so that each ends up in a text node. */
export class Html {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Control and direction characters are shown as escapes, because they could hide or reorder text. */
export const text = (value: string): string => printable(value).replace(/[&<>"']/g, char => ENTITIES[char]!);

export type Child = Html | string | null | readonly Child[];

const write = (child: Child): string => {
  if (child === null) return '';
  if (child instanceof Html) return child.source;
  return typeof child === 'string' ? text(child) : child.map(write).join('');
};

/** Makes an element. `tag` and `attributes` are constants of this file. */
export const el = (tag: string, attributes: string, ...children: Child[]): Html =>
  new Html(`<${tag}${attributes && ` ${attributes}`}>${write(children)}</${tag}>`);
export const p = (...children: Child[]) => el('p', '', ...children);
export const code = (value: string) => el('code', '', value);
export const list = (items: readonly Child[]) =>
  items.length === 0
    ? p('None.')
    : el(
        'ul',
        '',
        items.map(item => el('li', '', item)),
      );

export function table(caption: string, heads: readonly string[], rows: readonly (readonly Child[])[]): Html {
  if (rows.length === 0) return p(`${caption}: none.`);
  const head = el(
    'tr',
    '',
    heads.map(name => el('th', 'scope="col"', name)),
  );
  const body = rows.map(([first = null, ...cells]) =>
    el(
      'tr',
      '',
      el('th', 'scope="row"', first),
      cells.map(cell => el('td', '', cell)),
    ),
  );
  const full = el('table', '', el('caption', '', caption), el('thead', '', head), el('tbody', '', body));
  // A region that scrolls must take the focus, else the keyboard cannot scroll it.
  return new Html(
    `<div class="wide" role="region" tabindex="0" aria-label="${text(caption)}">${full.source}</div>`,
  );
}
