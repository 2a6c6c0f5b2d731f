import { printable } from '../../values/printable.ts';
import { byId, html, show } from '../dom.ts';
import type { Table } from './rows.ts';

/** Characters of a text that the page shows. The longest strings would stop it. */
const MOST_CHARACTERS = 100_000;

/** Shows a text with its line ends in an area. Other control characters are escaped. */
export function showLines(id: string, text: string): void {
  const left = text.length - MOST_CHARACTERS;
  const lines = (left > 0 ? text.slice(0, MOST_CHARACTERS) : text).split(/\r?\n/).map(printable);
  if (left > 0) lines.push(`… and ${left} characters more`);
  byId<HTMLTextAreaElement>(id).value = lines.join('\n');
}

/** Puts a table in the place of an element's content. A table without rows is a sentence. */
export function showTable(id: string, { caption, heads, rows }: Table): void {
  byId(id).replaceChildren(
    rows.length === 0
      ? html('p', {}, `${caption}: none.`)
      : // A region that scrolls must take the focus, else the keyboard cannot scroll it.
        html(
          'div',
          { class: 'wide', role: 'region', tabindex: 0, 'aria-label': printable(caption) },
          html(
            'table',
            {},
            html('caption', {}, caption),
            html('thead', {}, html('tr', {}, ...heads.map(head => html('th', { scope: 'col' }, head)))),
            html(
              'tbody',
              {},
              ...rows.map(({ cells: [first = '', ...cells], level }) =>
                html(
                  'tr',
                  level ? { class: level } : {},
                  html('th', { scope: 'row' }, first),
                  ...cells.map(cell => html('td', {}, cell)),
                ),
              ),
            ),
          ),
        ),
  );
}

/** Shows pairs of a name and a text. */
export function showFacts(id: string, facts: readonly (readonly [name: string, text: string])[]): void {
  byId(id).replaceChildren(...facts.flatMap(([name, text]) => [html('dt', {}, name), html('dd', {}, text)]));
}

/** Saves a file on the computer of the person. */
export function save(name: string, content: Uint8Array<ArrayBuffer> | string): void {
  const href = URL.createObjectURL(new Blob([content]));
  html('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** Copies the text of an area. Where the page may not, the text is selected for the person to copy. */
export async function copy(area: HTMLTextAreaElement, told: Element): Promise<void> {
  try {
    await navigator.clipboard.writeText(area.value);
    show(told, 'copied');
  } catch {
    area.focus();
    area.select();
    show(told, 'the text is selected; copy it with the keyboard');
  }
}
