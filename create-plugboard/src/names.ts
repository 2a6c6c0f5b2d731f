/** Longest name that registries of crates take. */
const MOST_CHARS = 64;

/** Names that npm, Cargo or Windows refuse, by the reason. */
const TAKEN = {
  'a word of Rust':
    'abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof unsafe unsized use virtual where while yield',
  'a package that the project needs':
    'alloc assemblyscript core extism-pdk plugboard proc_macro proc-macro reflow_wasm_actor reflow-wasm-actor serde serde_json std test',
  'a name of npm': 'node_modules',
  'a device of Windows': `aux con nul prn ${[1, 2, 3, 4, 5, 6, 7, 8, 9].map(number => `com${number} lpt${number}`).join(' ')}`,
};

/** Returns the reason why a project cannot have this name, with advice. Undefined if it can. */
export function problemOfName(name: string): string | undefined {
  const shown = JSON.stringify(name.length > MOST_CHARS ? `${name.slice(0, MOST_CHARS)}…` : name);
  if (!/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/.test(name) || name.length > MOST_CHARS) {
    const better = suggest(name);
    const advice = better ? `; did you mean ${JSON.stringify(better)}?` : '';
    return `expected a name of at most ${MOST_CHARS} small letters, digits, "-" and "_" that begins with a letter, got ${shown}${advice}`;
  }
  const reason = Object.entries(TAKEN).find(([, names]) => names.split(' ').includes(name))?.[0];
  return reason && `${shown} is ${reason}; take another name, such as "my-${name}"`;
}

/** Returns a valid name near the given one. */
function suggest(name: string): string | undefined {
  const near = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+/, '')
    .slice(0, MOST_CHARS)
    .replace(/-+$/, '');
  return near === '' || problemOfName(near) ? undefined : near;
}
