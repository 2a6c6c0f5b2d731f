/** Returns the URL without user name and password. */
export function withoutUser(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/** Returns a URL for messages, without user, password and query, which may have a token: logs must not show them. */
export function shownUrl(given: URL | string): string {
  const text = String(given);
  if (!URL.canParse(text))
    return text.replace(/^((?:[a-z][a-z\d+.-]*:)?\/\/).*@/is, '$1').replace(/\?.+/s, '?...');
  const url = withoutUser(new URL(given));
  if (url.search) url.search = '...';
  return url.href === new URL(given).href ? String(given) : url.href;
}

/** Returns a text with the URL in it as messages show it: engines quote the URL too. */
export const hideSecrets = (text: string, url: URL): string =>
  [url, withoutUser(url)].reduce((all, { href }) => all.replaceAll(href, () => shownUrl(url)), text);
