/** Parts of a text: strings, comments, and single brackets. */
const TOKENS = /"(?:[^"\\]|\\.)*"|;;[^\n]*|\(;[\s\S]*?;\)|[()]/g;

/** Returns the fields of a module in the text format, such as one function. */
function fieldsOf(wat: string): string[] {
  const fields: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of wat.matchAll(TOKENS)) {
    // The first bracket is that of the module.
    if (token === '(' && depth++ === 1) start = index;
    if (token === ')' && --depth === 1) fields.push(wat.slice(start, index + 1));
  }
  return fields;
}

/** Returns the module without the functions that catch exceptions, and without those that call one of them. */
export function withoutTry(wat: string): string {
  let fields = fieldsOf(wat);
  let dropped = fields.filter(field => /\(try\b/.test(field));
  while (dropped.length > 0) {
    const kept = fields.filter(field => !dropped.includes(field));
    const names = dropped.flatMap(field => /^\(func (\$[\w.]+)/.exec(field)?.[1] ?? []);
    fields = kept;
    dropped = kept.filter(field =>
      names.some(name => field.includes(`call ${name})`) || field.includes(`(call ${name} `)),
    );
  }
  return `(module\n${fields.join('\n')})`;
}
