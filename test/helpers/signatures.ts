import { readText } from './host.ts';

/** A function, method or constructor that users of the package call. */
export interface Callable {
  /** Such as `createPlugin`, `Plugin.call` or `new LineSink`. */
  name: string;
  /** The types of its parameters, as text. */
  params: string[];
}

export interface Place {
  file: string;
  name: string;
  /** Exported as a type alone: a class has no constructor then. */
  isType: boolean;
}

/** All that the declarations (.d.ts) of an entry let users call. Interfaces count unless `skip` has their names. */
export function callablesOf(entry: string, skip: readonly string[]): Callable[] {
  const found = [...placesOf(entry)].flatMap(([name, place]) => describe(name, place, skip));
  return [...new Map(found.map(callable => [JSON.stringify(callable), callable])).values()];
}

/** Without comments, strings kept. */
const textOf = (file: string): string => readText(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

const resolve = (file: string, specifier: string): string =>
  new URL(specifier, `http://x/${file}`).pathname.slice(1).replace(/\.ts$/, '.d.ts');

const NAMES = /^(type )?([\w$]+)(?: as ([\w$]+))?$/;

/** The exported names of a declaration file, with the places where they are declared. */
export function placesOf(file: string): Map<string, Place> {
  const text = textOf(file);
  const found = new Map<string, Place>();
  for (const [, from] of text.matchAll(/export \* from '([^']+)'/g)) {
    for (const [name, place] of placesOf(resolve(file, from!))) found.set(name, place);
  }
  for (const [, isType, names, from] of text.matchAll(/export (type )?\{([^}]*)\}(?: from '([^']+)')?/g)) {
    for (const item of names!
      .split(',')
      .map(name => name.trim())
      .filter(Boolean)) {
      const [, alsoType, name, alias = name!] = NAMES.exec(item) ?? [];
      const origin = from ? placesOf(resolve(file, from)).get(name!) : placeOf(file, name!);
      if (origin) found.set(alias, { ...origin, isType: Boolean(isType || alsoType) || origin.isType });
    }
  }
  for (const [, name] of text.matchAll(
    /export (?:declare )?(?:function|const|class|interface|type) ([\w$]+)/g,
  ))
    found.set(name!, { file, name: name!, isType: false });
  return found;
}

/** Where a name comes from that `file` imports or declares. */
function placeOf(file: string, name: string): Place | undefined {
  const text = textOf(file);
  for (const [, names, from] of text.matchAll(/import (?:type )?\{([^}]*)\} from '([^']+)'/g)) {
    for (const item of names!.split(',')) {
      const [, , own, alias = own] = NAMES.exec(item.trim()) ?? [];
      if (alias === name) return placesOf(resolve(file, from!)).get(own!);
    }
  }
  return new RegExp(`(?:declare (?:function|const|class)|interface) ${name}\\b`).test(text)
    ? { file, name, isType: false }
    : undefined;
}

function describe(alias: string, { file, name, isType }: Place, skip: readonly string[]): Callable[] {
  const text = textOf(file);
  const at = (pattern: string) => new RegExp(pattern).exec(text);
  const fn = [...text.matchAll(new RegExp(`declare function ${name}\\b`, 'g'))];
  if (fn.length > 0) {
    return fn.map(({ index, 0: head }) => ({ name: alias, params: paramsAt(text, index + head.length) }));
  }
  const constant = at(`declare const ${name}: `);
  if (constant) {
    const type = until(text, constant.index + constant[0].length, ';');
    return member(alias, '', type, file);
  }
  const block = at(`(class|interface) ${name}\\b[^{]*`);
  if (!block || (block[1] === 'interface' && skip.includes(name))) return [];
  const [head] = block;
  const body = inside(text, block.index + head.length);
  const own = statements(body).flatMap(statement => methods(alias, statement, isType));
  const parent = / extends ([\w$]+)/.exec(head)?.[1];
  const origin = parent && block[1] === 'class' ? placeOf(file, parent) : undefined;
  const inherited = origin ? describe(alias, origin, skip) : [];
  return [...inherited.filter(({ name }) => !own.some(other => other.name === name)), ...own];
}

/** The declarations of a name, and the members of its body. */
export function statementsOf({ file, name }: Place): { heads: string[]; members: string[] } {
  const text = textOf(file);
  const block = new RegExp(`(?:abstract )?(?:class|interface) ${name}\\b[^{]*`).exec(text);
  const others = [...text.matchAll(new RegExp(`(?:function|const|type) ${name}\\b`, 'g'))].map(({ index }) =>
    until(text, index, ';'),
  );
  if (!block) return { heads: others, members: [] };
  const body = inside(text, block.index + block[0].length);
  return { heads: [block[0], ...others], members: statements(body) };
}

/** The declarations that a class or interface extends, as far as they are the package's own. */
export function ownersOf({ file, name }: Place): Place[] {
  const head =
    new RegExp(`(?:class|interface) ${name}\\b[^{]* extends ([^{]*)`).exec(textOf(file))?.[1] ?? '';
  return (head.match(/[A-Za-z_$][\w$]*/g) ?? [])
    .map(parent => placeOf(file, parent))
    .filter(place => place !== undefined);
}

function methods(owner: string, statement: string, isType: boolean): Callable[] {
  if (/^(protected|private|#|get |set )/.test(statement)) return [];
  const method = /^(?:static |readonly )*([\w$]+|\[Symbol\.\w+\])\??(?=[<(])/.exec(statement);
  if (!method) return [];
  if (method[1] === 'constructor' && isType) return [];
  const name = method[1] === 'constructor' ? `new ${owner}` : `${owner}.${method[1]}`;
  return [{ name, params: paramsAt(statement, method[0].length) }];
}

/** The callables of a constant of this type: itself, or its members. */
function member(name: string, key: string, type: string, file: string): Callable[] {
  const full = key ? `${name}.${key}` : name;
  const named = /^typeof ([\w$]+)$/.exec(type);
  if (named) return describe(full, placeOf(file, named[1]!)!, []);
  if (type.startsWith('{')) {
    return statements(inside(type, 0)).flatMap(statement => {
      const parts = /^(?:readonly )?([\w$]+)\??: /.exec(statement);
      if (parts) return member(full, parts[1]!, statement.slice(parts[0].length), file);
      return methods(full, statement, true);
    });
  }
  return /^[<(]/.test(type) && type.includes('=>') ? [{ name: full, params: paramsAt(type, 0) }] : [];
}

/** The types of the parameters in the first round brackets from `from` on, behind type parameters. */
function paramsAt(text: string, from: number): string[] {
  let at = from;
  if (text[at] === '<') at += 2 + inside(text, at).length;
  return split(inside(text, at), ',').map(param => {
    const name = /^(?:\.\.\.)?(?:[\w$]+|\{[^}]*\})\??: /.exec(param);
    return name ? param.slice(name[0].length) : param;
  });
}

const statements = (body: string): string[] => split(body, ';');

const OPEN = '([{<';
const CLOSE = ')]}>';

/** The number of open brackets after this character. The `>` of an arrow does not close a bracket. */
const depthAfter = (text: string, at: number, depth: number): number => {
  const char = text[at]!;
  if (OPEN.includes(char)) return depth + 1;
  return CLOSE.includes(char) && text[at - 1] !== '=' ? depth - 1 : depth;
};

/** The text between the bracket at `start` and the one that closes it. */
function inside(text: string, start: number): string {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    depth = depthAfter(text, at, depth);
    if (depth === 0) return text.slice(start + 1, at);
  }
  throw new Error(`no bracket closes: ${text.slice(start, start + 60)}`);
}

function until(text: string, start: number, end: string): string {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (depth === 0 && text[at] === end) return text.slice(start, at);
    depth = depthAfter(text, at, depth);
  }
  return text.slice(start);
}

function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const part = until(text, at, separator);
    parts.push(part.trim());
    at += part.length + 1;
  }
  return parts.filter(Boolean);
}
