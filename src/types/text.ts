import { TYPES_LIMITS } from './limits.ts';

/** Characters that a reader or a tool may obey or not see: controls, marks of direction, line separators, halves of pairs. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

const escapeUnits = (character: string): string =>
  character
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/** A foreign text as a string literal of JavaScript and TypeScript, on one line and of visible characters. */
export const quote = (text: string): string => JSON.stringify(text).replace(UNSEEN, escapeUnits);

/** Longest description that is printed. */
const MOST_CHARACTERS = TYPES_LIMITS.descriptionCharacters.default;
const LINE_CHARACTERS = 100;

/**
 * The lines of a doc comment for foreign texts, empty ones left out; no lines if all are. A text cannot end the comment, nor
 * begin a tag such as `@deprecated` or `@ts-expect-error`.
 */
export function comment(texts: readonly string[], indent = ''): string[] {
  const lines = texts.flatMap(text => wrap(shown(text)));
  if (lines.length === 0) return [];
  if (lines.length === 1) return [`${indent}/** ${lines[0]} */`];
  return [`${indent}/**`, ...lines.map(line => `${indent} * ${line}`), `${indent} */`];
}

/** The text on one line, so that it cannot leave a comment that ends with the line. */
export const onOneLine = (text: string): string => shown(text).replaceAll('\n', ' ');

function shown(text: string): string {
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return cut
    .replace(/\r\n?/g, '\n')
    .replace(UNSEEN, character =>
      character === '\n' ? '\n' : character === '\t' ? ' ' : escapeUnits(character),
    )
    .replaceAll('*/', '*\\/')
    .replaceAll('/*', '/\\*')
    .replace(/(^|[\s{*/])@/gm, '$1\\@')
    .trim();
}

function wrap(text: string): string[] {
  return text.split('\n').flatMap(paragraph => {
    const lines: string[] = [];
    for (const word of paragraph.split(' ').filter(Boolean)) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + word.length < LINE_CHARACTERS) {
        lines[lines.length - 1] = `${last} ${word}`;
      } else lines.push(word);
    }
    return lines;
  });
}
