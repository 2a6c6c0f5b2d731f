import { TYPES_LIMITS } from './limits.ts';
import { refuseSchema } from './schema-error.ts';
import { FlowReader, type Plain, readPlain, splitKey, withoutComment } from './yaml-scalars.ts';

// Reads the part of YAML 1.2 that people write XTP schemas in: block mappings and sequences, plain and quoted scalars, `|` and
// `>`, comments, and `[…]` and `{…}` on one line. Anything else is refused by its line.
// RATIONALE: why-is-there-a-yaml-reader-in-plugboard

const MOST_DEPTH = TYPES_LIMITS.typeDepth.default;
const ADVICE = 'write it in another way, or give the schema as JSON';

interface Line {
  indent: number;
  text: string;
}

/** @param where how messages name the text. @throws {PlugboardError} INVALID_SCHEMA with the number of the line */
export const parseYaml = (text: string, where: string): Plain => new YamlReader(text, where).read();

class YamlReader {
  readonly #lines: string[];
  readonly #where: string;
  #at = 0;
  #depth = 0;

  constructor(text: string, where: string) {
    this.#lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
    this.#where = where;
  }

  read(): Plain {
    if (/^---\s*(#.*)?$/.test(this.#lines[this.#skip()] ?? '')) this.#at++;
    const line = this.#peek();
    if (!line) return null;
    const value = this.#block(line.indent);
    if (this.#peek()) this.#refuse('expected the end, or a line as far to the right as those before');
    return value;
  }

  #refuse(problem: string): never {
    return refuseSchema(`${this.#where}: line ${this.#at + 1}: ${problem}; ${ADVICE}`);
  }

  /** Goes to the next line with contents, and returns its index. */
  #skip(): number {
    while (/^\s*(#.*)?$/.test(this.#lines[this.#at] ?? '!')) this.#at++;
    return this.#at;
  }

  #peek(): Line | undefined {
    const line = this.#lines[this.#skip()];
    if (line === undefined) return undefined;
    if (/^(---|\.\.\.)(\s|$)/.test(line)) this.#refuse('a second document');
    if (/^ *\t/.test(line)) this.#refuse('a tab in the indentation');
    const indent = line.search(/[^ ]/);
    return { indent, text: line.slice(indent).trimEnd() };
  }

  /** Reads the lines from here on that are indented as far as this one. */
  #block(indent: number): Plain {
    if (++this.#depth > MOST_DEPTH) this.#refuse(`more than ${MOST_DEPTH} levels`);
    const { text } = this.#peek()!;
    const value = isItem(text)
      ? this.#sequence(indent)
      : splitKey(text)
        ? this.#mapping(indent)
        : this.#scalar(this.#next(text), indent - 1);
    this.#depth--;
    return value;
  }

  #next(text: string): string {
    this.#at++;
    return text;
  }

  #sequence(indent: number): Plain[] {
    const items: Plain[] = [];
    for (let line = this.#peek(); line?.indent === indent && isItem(line.text); line = this.#peek()) {
      const rest = line.text.slice(1).trimStart();
      if (withoutComment(rest) === '') {
        this.#at++;
        items.push(this.#below(indent));
      } else if (isItem(rest) || splitKey(rest)) {
        // The rest of the line is the first line of a block, at the column where it stands.
        const column = indent + line.text.length - rest.length;
        this.#lines[this.#at] = ' '.repeat(column) + rest;
        items.push(this.#block(column));
      } else items.push(this.#scalar(this.#next(rest), indent));
    }
    return items;
  }

  #mapping(indent: number): Plain {
    const entries = new Map<string, Plain>();
    for (let line = this.#peek(); line?.indent === indent && !isItem(line.text); line = this.#peek()) {
      const found = splitKey(line.text);
      if (!found) return this.#refuse('expected "key: value"');
      if (entries.has(found.key)) this.#refuse(`the key ${JSON.stringify(found.key)} stands there twice`);
      this.#at++;
      entries.set(found.key, this.#value(found.rest, indent));
    }
    return Object.fromEntries(entries);
  }

  /** The value of a key, whose line is read. */
  #value(rest: string, indent: number): Plain {
    if (withoutComment(rest) !== '') return this.#scalar(rest, indent);
    const line = this.#peek();
    // A list may stand as far left as the key that it belongs to.
    return line?.indent === indent && isItem(line.text) ? this.#sequence(indent) : this.#below(indent);
  }

  #below(indent: number): Plain {
    const line = this.#peek();
    return line && line.indent > indent ? this.#block(line.indent) : null;
  }

  /** @param parentIndent lines that are indented further belong to the scalar */
  #scalar(text: string, parentIndent: number): Plain {
    const refuse = (problem: string): never => {
      this.#at--;
      return this.#refuse(problem);
    };
    const header = /^([|>])([+-]?)\s*(#.*)?$/.exec(text);
    if (header) return this.#blockScalar(header[1] === '>', header[2]!, parentIndent);
    if (/^["'[{]/.test(text)) return new FlowReader(text, refuse).whole();
    if (/^[|>&*!%@`,\]}?]|^<<:/.test(text)) return refuse(`"${text[0]}" is not read at this place`);
    const parts = [withoutComment(text)];
    for (let line = this.#peek(); line && line.indent > parentIndent; line = this.#peek()) {
      if (splitKey(line.text) || isItem(line.text)) this.#refuse('the line before has a value already');
      parts.push(withoutComment(this.#next(line.text)));
    }
    return parts.length === 1 ? readPlain(parts[0]!, refuse) : parts.join(' ');
  }

  #blockScalar(isFolded: boolean, chomp: string, parentIndent: number): string {
    const start = this.#at;
    const indentOf = (line: string) => line.search(/[^ ]/);
    const first = this.#lines.slice(start).find(line => line.trim() !== '');
    const indent = first === undefined ? 0 : indentOf(first);
    if (indent > parentIndent) {
      while (this.#at < this.#lines.length) {
        const line = this.#lines[this.#at]!;
        if (line.trim() !== '' && indentOf(line) < indent) break;
        this.#at++;
      }
    }
    const lines = this.#lines.slice(start, this.#at).map(line => line.slice(indent));
    const text = isFolded ? fold(lines) : lines.join('\n');
    if (chomp === '+') return `${text}\n`;
    let end = text.length;
    while (text[end - 1] === '\n') end--;
    const trimmed = text.slice(0, end);
    return chomp === '-' || trimmed === '' ? trimmed : `${trimmed}\n`;
  }
}

const isItem = (text: string) => text === '-' || text.startsWith('- ');

/** Joins the lines of a paragraph by spaces. Lines that are indented further keep their line ends. */
const fold = (lines: readonly string[]): string =>
  lines
    .join('\n')
    .replace(/(?<=^|\n)(\S.*)\n(\n*)(?=\S)/g, (_, line: string, empty: string) => line + (empty || ' '));
