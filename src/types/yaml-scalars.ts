/** A value of JSON, as `JSON.parse` returns it. */
export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

type Refuse = (problem: string) => never;

/**
 * Splits `key: rest`; undefined for a line that does not begin with a key. By search and not by one expression, whose time could
 * grow with the square of the length.
 */
export function splitKey(text: string): { key: string; rest: string } | undefined {
  const quoted = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')/.exec(text)?.[0];
  const from = quoted?.length ?? 0;
  const end = text.slice(from).search(/:(\s|$)/);
  if (end < 0) return undefined;
  const key = text.slice(0, from + end).trimEnd();
  const rest = text.slice(from + end + 1).trimStart();
  if (quoted !== undefined) {
    const read = key === quoted && new FlowReader(key, () => undefined as never).whole();
    return typeof read === 'string' ? { key: read, rest } : undefined;
  }
  return /^["'[\]{},#&*!|>%@`]|^[?-](\s|$)|\s#/.test(key) || key === '' ? undefined : { key, rest };
}

/** Removes the comment after a plain scalar. */
export const withoutComment = (text: string): string => text.replace(/(^|\s)#.*$/, '').trim();

const WORDS = new Map<string, Plain>(
  ['null', 'true', 'false'].flatMap(word => {
    const value = JSON.parse(word) as Plain;
    return [word, word[0]!.toUpperCase() + word.slice(1), word.toUpperCase()].map(
      form => [form, value] as const,
    );
  }),
).set('~', null);

/** Reads a plain scalar by the core schema of YAML 1.2. */
export function readPlain(text: string, refuse: Refuse): Plain {
  if (/:(\s|$)/.test(text)) refuse('a plain value with ": " in it');
  if (WORDS.has(text)) return WORDS.get(text)!;
  if (/^(0o[0-7]+|0x[\da-f]+|[-+]?(\.\d+|\d+(\.\d*)?)(e[-+]?\d+)?)$/i.test(text)) return Number(text);
  return text;
}

const ESCAPES = new Map(
  Object.entries({
    0: '\0',
    a: '\x07',
    b: '\b',
    t: '\t',
    n: '\n',
    v: '\v',
    f: '\f',
    r: '\r',
    e: '\x1b',
    ' ': ' ',
    '"': '"',
    '/': '/',
    '\\': '\\',
    N: '\x85',
    _: '\xa0',
    L: '\u2028',
    P: '\u2029',
  }),
);

/** Reads quoted scalars, and lists and mappings in brackets. */
export class FlowReader {
  readonly #text: string;
  readonly #refuse: Refuse;
  #at = 0;
  #depth = 0;

  constructor(text: string, refuse: Refuse) {
    this.#text = text;
    this.#refuse = refuse;
  }

  /** Reads the text, after which only a comment may stand. */
  whole(): Plain {
    const value = this.#value();
    if (!/^\s*($|\s#)/.test(this.#text.slice(this.#at))) this.#refuse('text after the end of a value');
    return value;
  }

  #value(): Plain {
    this.#spaces();
    if (++this.#depth > 64) this.#refuse('more than 64 levels');
    const read: Record<string, () => Plain> = {
      '"': () => this.#double(),
      "'": () => this.#single(),
      '[': () => this.#list(),
      '{': () => this.#mapping(),
    };
    const value = (read[this.#text[this.#at] ?? ''] ?? (() => this.#plain()))();
    this.#depth--;
    return value;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(pattern, 'sy');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (found) this.#at = sticky.lastIndex;
    return found;
  }

  #spaces(): void {
    this.#take(/\s*/);
  }

  #plain(): Plain {
    const text = this.#take(/(?:[^,[\]{}:#]|:(?=[^\s,[\]{}])|(?<=\S)#)+/)?.[0].trim();
    if (!text || /^[&*!|>%@`?]/.test(text)) return this.#refuse('expected a value that ends on this line');
    return readPlain(text, this.#refuse);
  }

  #single(): string {
    const [, text] =
      this.#take(/'((?:[^']|'')*)'/) ?? this.#refuse("a text in ' that does not end on its line");
    return text!.replaceAll("''", "'");
  }

  #double(): string {
    const [, text] =
      this.#take(/"((?:[^"\\]|\\.)*)"/) ?? this.#refuse('a text in " that does not end on its line');
    return text!.replace(/\\(x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|.)/gi, (_, code: string) => {
      const digits = code.length > 1 ? Number.parseInt(code.slice(1), 16) : undefined;
      if (digits !== undefined && digits <= 0x10_ff_ff) return String.fromCodePoint(digits);
      return ESCAPES.get(code) ?? this.#refuse(`the escape \\${code} is not known`);
    });
  }

  #list(): Plain[] {
    const items: Plain[] = [];
    this.#take(/\[\s*/);
    while (!this.#take(/\s*\]/)) {
      items.push(this.#value());
      if (!this.#take(/\s*(,|(?=\]))/)) this.#refuse('expected "," or "]" on this line');
    }
    return items;
  }

  #mapping(): Plain {
    const entries = new Map<string, Plain>();
    this.#take(/\{\s*/);
    while (!this.#take(/\s*\}/)) {
      const key = String(this.#value());
      if (entries.has(key)) this.#refuse(`the key ${JSON.stringify(key)} stands there twice`);
      if (!this.#take(/\s*:/)) this.#refuse('expected ":" after a key');
      entries.set(key, this.#value());
      if (!this.#take(/\s*(,|(?=\}))/)) this.#refuse('expected "," or "}" on this line');
    }
    return Object.fromEntries(entries);
  }
}
