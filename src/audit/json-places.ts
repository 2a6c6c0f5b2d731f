import { pathOf } from '../../wasi/options.ts';

const MOST_LEVELS = 16;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SPACE = /[ \t\r\n]*/y;
const SCALAR = /[^\s,\]}]+/y;

/** A fault of a JSON text that `JSON.parse` accepts. */
export class JsonFault extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/**
 * Finds the line of each value of a JSON text, by its path: `policy.plugins[0].grants`. `JSON.parse` must accept the text.
 * @throws {JsonFault} for a key that stands twice, of which a reader sees the first and `JSON.parse` the last; for values nested
 * too deep
 */
export function findLines(text: string, root: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let at = 0;
  let line = 1;
  let counted = 0;
  const lineNow = () => {
    for (; counted < at; counted++) if (text[counted] === '\n') line++;
    return line;
  };
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [found = ''] = pattern.exec(text) ?? [];
    at += found.length;
    return found;
  };
  /** Takes a comma, and tells whether there was one. */
  const goesOn = () => {
    take(SPACE);
    const isComma = text[at] === ',';
    at++;
    take(SPACE);
    return isComma;
  };
  const value = (path: string, level: number): void => {
    take(SPACE);
    lines.set(path, lineNow());
    const open = text[at];
    if (open !== '{' && open !== '[') {
      take(open === '"' ? STRING : SCALAR);
      return;
    }
    if (level === MOST_LEVELS) throw new JsonFault(`nested deeper than ${MOST_LEVELS} levels`, line);
    at++;
    take(SPACE);
    if (text[at] === '}' || text[at] === ']') {
      at++;
      return;
    }
    if (open === '[') {
      for (let index = 0; index === 0 || goesOn(); index++) value(`${path}[${index}]`, level + 1);
      return;
    }
    const keys = new Set<string>();
    do {
      const key = JSON.parse(take(STRING)) as string;
      const inner = pathOf(path, key);
      if (keys.has(key)) throw new JsonFault(`${inner}: stands twice`, lineNow());
      keys.add(key);
      take(SPACE);
      at++;
      value(inner, level + 1);
    } while (goesOn());
  };
  value(root, 0);
  return lines;
}
