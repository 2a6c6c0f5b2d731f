import { filesBelow } from './files.ts';
import { readText } from './host.ts';

interface Declared {
  parents: string[];
  docs: Map<string, string>;
}

const MEMBER = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+(?:readonly )?([\w$]+)\??:/g;
const INTERFACE = /\binterface ([\w$]+)(?:<[^{]*?>)?(?:\s+extends ([^{]*))? \{\n([\s\S]*?)^\}/gm;
const TYPE = /^type ([\w$]+) = ((?:Partial|Omit)<[^>]*>)( & \{[\s\S]*?^\})?;/gm;

/** The text of a docstring without tags and without the default, which has a column of its own. */
const plain = (doc: string): string =>
  doc
    .replace(/^\s*\* ?/gm, ' ')
    .replace(/@\w+[\s\S]*/, '')
    .replace(/\s+/g, ' ')
    .replace(/\bDefault: .*?(?:\.(?= |$)|$)/g, '')
    .trim();

/** Reads the docstrings of the members of all interfaces, and the interface that each table of options is typed by. */
function readDeclarations(): { interfaces: Map<string, Declared>; tables: Map<string, string> } {
  const interfaces = new Map<string, Declared>();
  const tables = new Map<string, string>();
  for (const file of ['src/', 'wasi/', 'abi/'].flatMap(filesBelow)) {
    const text = readText(file);
    for (const [, name, parents = '', body] of [...text.matchAll(INTERFACE), ...text.matchAll(TYPE)]) {
      const docs = new Map([...(body ?? '').matchAll(MEMBER)].map(([, doc, key]) => [key!, plain(doc!)]));
      interfaces.set(name!, { parents: parents.match(/[A-Z][\w$]*/g) ?? [], docs });
    }
    for (const [, name, of] of text.matchAll(/OptionTable<(\w+)[^=]*= \{\s+of: '([^']+)'/g))
      tables.set(of!, name!);
  }
  return { interfaces, tables };
}

let declarations: ReturnType<typeof readDeclarations> | undefined;

/** The docstring of an option, from the interface that types its table or a parent of it; '' if there is none. */
export function optionDoc(of: string, key: string): string {
  declarations ??= readDeclarations();
  const { interfaces, tables } = declarations;
  const find = (name: string | undefined): string => {
    const declared = name === undefined ? undefined : interfaces.get(name);
    if (!declared) return '';
    return declared.docs.get(key) ?? declared.parents.map(find).find(Boolean) ?? '';
  };
  return find(tables.get(of));
}
