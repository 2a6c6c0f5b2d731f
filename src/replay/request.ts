import type { SendHttp } from '../../abi/index.ts';
import type { Secrets } from '../trace/secrets.ts';
import type { HttpEntry } from './format.ts';

/** A request as it is noted, without credentials. */
export function requestOf(
  { method, url, headers, body }: Parameters<SendHttp>[0],
  secrets: Secrets,
): Pick<HttpEntry, 'method' | 'url' | 'headers' | 'body'> {
  const cleaned = Object.entries(secrets.cleanHeaders(headers));
  return {
    method,
    url: secrets.cleanUrl(url),
    headers: cleaned.map(([name, value]) => [name, String(value)]),
    body: body?.slice() ?? null,
  };
}
