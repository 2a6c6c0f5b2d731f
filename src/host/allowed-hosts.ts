// The options about HTTP. The code that sends requests is loaded for plugins that may send some.

export const HTTP_SCHEMES: readonly ('http' | 'https')[] = ['http', 'https'];

/**
 * Describes the mistake in a glob that can match no host of a URL; undefined if it can match one. Classes such as `[a/b]`
 * are not checked. A literal IPv6 address may be in brackets.
 */
export function mistakeInHost(glob: string): string | undefined {
  const rest = withoutBrackets(glob).replace(/\[!?[^\]]+\]/g, '');
  if (glob === '') return 'an empty string';
  if (/[a-z]:\/\//i.test(rest)) return 'a URL with its scheme';
  if (/[/\\]/.test(rest)) return 'a host with a path';
  if (rest.includes('@')) return 'a host with a user';
  // One colon only: an IPv6 address has at least two.
  if (/^[^:]*:\d*$/.test(rest)) return 'a host with a port';
  if (/\s/.test(rest)) return 'a host with white space';
  if (/[^ -~]/.test(rest)) return 'a host with letters beyond ASCII, which URLs write as xn--…,';
  // URLs may hold these, but host names do not: braces and `!` come from the globs of other programs.
  const odd = /[^\w.:*?[\]-]/.exec(rest);
  if (odd) return `a host with ${JSON.stringify(odd[0])}`;
  const isLiteral = !/[*?[]/.test(rest) && rest === withoutBrackets(glob);
  return isLiteral && hostOfUrl(rest) !== rest.toLowerCase()
    ? 'a host that no URL has in this form'
    : undefined;
}

/** Returns the host in the form that URLs use: `127.1` becomes `127.0.0.1`. Undefined for a text that is not a host. */
function hostOfUrl(host: string): string | undefined {
  const url = `http://${host.includes(':') ? `[${host}]` : host}/`;
  return URL.canParse(url) ? withoutBrackets(new URL(url).hostname) : undefined;
}

/** Removes the brackets around a literal IPv6 address. As a class of one character they would match no address. */
const withoutBrackets = (glob: string): string =>
  glob.replace(/^\[([\da-f:.]*:[\da-f:.]*:[\da-f:.]*)\]$/i, '$1');

/** The parts of a glob: characters, `*`, `?` and classes. */
export const globParts = (glob: string): string[] =>
  withoutBrackets(glob).match(/\*|\?|\[!?[^\]]+\]|[^*?]/g) ?? [];

/** Compiles a glob for the host of a URL, without its brackets, ignoring case as host names do. An unclosed `[` stands for itself, as in the native runtime. */
export function compileGlob(glob: string): RegExp {
  const sources = globParts(glob).map(part => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length === 1) return part.replace(/[\\^$.|+()[\]{}]/, '\\$&');
    const isNot = part[1] === '!';
    const chars = part.slice(isNot ? 2 : 1, -1).replace(/[\\^\]]/g, '\\$&');
    return `[${isNot ? '^' : ''}${chars}]`;
  });
  return new RegExp(`^(?:${sources.join('')})$`, 'is');
}
