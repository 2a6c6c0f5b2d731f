/** Returns the URL without user name and password. */
export function withoutUser(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/** Returns a text with the URL in it bare, for messages: logs must not show passwords, and engines quote the URL too. */
export const hideUser = (text: string, url: URL): string => text.replaceAll(url.href, withoutUser(url).href);
