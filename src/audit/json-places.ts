import { pathOf } from '../../wasi/options.ts';

const MOST_LEVELS = 16;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
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

/** The line of a value, and the values in it: by index or by key. Not by path: all paths of a text can be far longer than it. */
export interface Place {
  line: number;
  items: readonly Place[] | ReadonlyMap<string, Place>;
}

/** Returns the line of the value at a path, such as `policy.plugins[0].grants`, or of the nearest value around it. */
export function lineAt(root: Place, name: string, path: string): number {
  let [place, own] = [root, name];
  for (;;) {
    const inner = itemAt(place, own, path);
    if (!inner) return place.line;
    [own, place] = inner;
  }
}

function itemAt({ items }: Place, own: string, path: string): [path: string, place: Place] | undefined {
  if (!Array.isArray(items)) {
    const isOn = (inner: string) => path.startsWith(inner) && /^($|[.[])/.test(path.slice(inner.length));
    for (const [key, place] of items as ReadonlyMap<string, Place>)
      if (isOn(pathOf(own, key))) return [pathOf(own, key), place];
    return undefined;
  }
  const [index = ''] = /^\[\d+\]/.exec(path.slice(own.length)) ?? [];
  const place = (items as readonly Place[])[Number(index.slice(1, -1))];
  return index && place ? [own + index, place] : undefined;
}

const NOTHING: readonly Place[] = [];

/**
 * Finds the line of each value of a JSON text. `JSON.parse` must accept the text.
 * @param root the path of the whole, for messages
 * @throws {JsonFault} for a key that stands twice, of which a reader sees the first and `JSON.parse` the last; for values nested
 * too deep
 */
export function findPlaces(text: string, root: string): Place {
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
  const value = (path: string, level: number): Place => {
    take(SPACE);
    const line = lineNow();
    const open = text[at];
    if (open !== '{' && open !== '[') {
      take(open === '"' ? STRING : SCALAR);
      return { line, items: NOTHING };
    }
    if (level === MOST_LEVELS) throw new JsonFault(`nested deeper than ${MOST_LEVELS} levels`, line);
    at++;
    take(SPACE);
    if (text[at] === '}' || text[at] === ']') {
      at++;
      return { line, items: NOTHING };
    }
    if (open === '[') {
      const list: Place[] = [];
      do list.push(value(`${path}[${list.length}]`, level + 1));
      while (goesOn());
      return { line, items: list };
    }
    const items = new Map<string, Place>();
    do {
      const key = JSON.parse(take(STRING)) as string;
      const inner = pathOf(path, key);
      if (items.has(key)) throw new JsonFault(`${inner}: stands twice`, lineNow());
      take(SPACE);
      at++;
      items.set(key, value(inner, level + 1));
    } while (goesOn());
    return { line, items };
  };
  return value(root, 0);
}
