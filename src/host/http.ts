import type { HttpRequest, HttpResponse, SendHttp } from '../../abi/index.ts';
import { describe, messageWithCause, PlugboardError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Fetch } from '../platform/types.ts';
import { toBase64 } from '../values/base64.ts';
import { readBody } from '../values/body.ts';
import { hideUser, withoutUser } from '../values/url.ts';
import { compileGlob, HTTP_SCHEMES } from './allowed-hosts.ts';
import { isPrivateAddress } from './private-address.ts';

export interface HttpRules {
  fetch: Fetch;
  /** Globs of host names: `*` any characters, `?` one, `[…]` one of these. An empty list allows no request. */
  allowedHosts: readonly string[];
  /** Any of `http` and `https`. */
  allowedSchemes: readonly string[];
  allowsPrivateAddresses: boolean;
  maxResponseBytes: number;
}

const ANY_HOST = '*';
const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that a redirect to another origin must not receive. */
const PRIVATE_HEADERS = /^(authorization|cookie|proxy-authorization)$/i;
const CONTENT_HEADERS = /^content-/i;

/**
 * Makes the function that sends plugins' requests with `fetch`, without the browser's credentials. It checks the URL of the
 * request and of each redirect. In browsers redirects cannot be seen, so there they are followed only if every host, scheme
 * and address is allowed.
 */
export function httpSender(rules: HttpRules, signal: () => AbortSignal | undefined): SendHttp {
  const allowed = rules.allowedHosts.map(glob => compileGlob(glob));
  return async given => {
    let request = given;
    for (let hops = 0; hops <= LIMITS.httpRedirects.default; hops++) {
      const url = checkUrl(request.url, allowed, rules);
      const response = await sendOnce(url, request, rules, signal());
      if (response.type === 'opaqueredirect') {
        throw denied(
          url,
          `it redirects, and this platform does not tell where to; allow "${ANY_HOST}", any scheme and any address to follow`,
        );
      }
      const location = REDIRECTS.includes(response.status) ? response.headers.get('location') : null;
      if (location === null) return readResponse(url, response, rules);
      letGo(response.body);
      request = redirect(request, url, response.status, location);
    }
    throw new PlugboardError(
      'HTTP_FAILED',
      `http_request: ${shown(new URL(given.url))} redirects more than ${LIMITS.httpRedirects.default} times`,
    );
  };
}

async function sendOnce(
  url: URL,
  { method, headers, body }: HttpRequest,
  { fetch, ...rules }: HttpRules,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(withoutUser(url), {
      method,
      headers: { ...basicAuthorization(url), ...headers },
      // fetch refuses a body with these methods.
      body: method === 'GET' || method === 'HEAD' ? null : body,
      redirect: allowsAll(rules) ? 'follow' : 'manual',
      credentials: 'omit',
      ...(signal && { signal }),
    });
  } catch (error) {
    throw failed(url, error);
  }
}

/** Whether redirects need no check. `fetch` itself follows them only to http and https. */
const allowsAll = ({ allowedHosts, allowedSchemes, allowsPrivateAddresses }: Omit<HttpRules, 'fetch'>) =>
  allowedHosts.includes(ANY_HOST) &&
  HTTP_SCHEMES.every(scheme => allowedSchemes.includes(scheme)) &&
  allowsPrivateAddresses;

/** Turns user name and password of a URL into a header, as other clients do. `fetch` refuses URLs that contain them. */
function basicAuthorization({ username, password }: URL): Record<string, string> {
  if (!username && !password) return {};
  const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { authorization: `Basic ${toBase64(bytes)}` };
}

function redirect(request: HttpRequest, from: URL, status: number, location: string): HttpRequest {
  if (!URL.canParse(location, from.href)) {
    throw new PlugboardError(
      'HTTP_FAILED',
      `http_request: ${shown(from)} redirects to ${describe(location)}, which is not a URL`,
    );
  }
  const url = new URL(location, from);
  const becomesGet = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST';
  const headers = Object.entries(request.headers).filter(([name]) => {
    if (becomesGet && CONTENT_HEADERS.test(name)) return false;
    return url.origin === from.origin || !PRIVATE_HEADERS.test(name);
  });
  return {
    url: url.href,
    method: becomesGet ? 'GET' : request.method,
    headers: Object.fromEntries(headers),
    body: becomesGet ? null : request.body,
  };
}

function checkUrl(text: string, allowed: readonly RegExp[], rules: HttpRules): URL {
  if (!URL.canParse(text)) {
    throw new PlugboardError('HTTP_FAILED', `http_request: expected an absolute URL, got ${describe(text)}`);
  }
  const url = new URL(text);
  if (!rules.allowedSchemes.some(scheme => url.protocol === `${scheme}:`))
    throw denied(url, `only ${rules.allowedSchemes.join(' and ') || 'nothing'} is sent (allowedSchemes)`);
  if (!rules.allowsPrivateAddresses && isPrivateAddress(url.hostname))
    throw denied(url, 'its address is outside the public internet (allowPrivateAddresses)');
  // URLs write IPv6 addresses in brackets, which have another meaning in globs.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (allowed.some(pattern => pattern.test(host))) return url;
  const list = rules.allowedHosts.map(item => `"${item}"`).join(', ') || 'none';
  throw denied(url, `allowedHosts allows ${list}`);
}

async function readResponse(
  url: URL,
  response: Response,
  { maxResponseBytes }: HttpRules,
): Promise<HttpResponse> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of response.headers) headers[name] = value;
  const tooLong = () => {
    const message = `http_request: the response of ${shown(url)} is over the limit of ${maxResponseBytes} bytes (memory.maxHttpResponseBytes)`;
    return new PlugboardError('HTTP_RESPONSE_LIMIT', message);
  };
  try {
    const body = await readBody(response, maxResponseBytes, tooLong);
    return { status: response.status, headers, body };
  } catch (error) {
    throw error instanceof PlugboardError ? error : failed(url, error);
  }
}

/** Cancels a body. Not awaited: if the body was cloned, the promise settles only when the clone is done too. */
function letGo(body: { cancel(): Promise<void> } | null): void {
  body?.cancel().catch(() => {});
}

const shown = (url: URL): string => withoutUser(url).href;

const denied = (url: URL, why: string) =>
  new PlugboardError('HTTP_DENIED', `http_request: ${shown(url)} is not allowed: ${why}`);

const failed = (url: URL, error: unknown) =>
  new PlugboardError(
    'HTTP_FAILED',
    `http_request: ${shown(url)}: ${hideUser(messageWithCause(error), url)}`,
    {
      cause: error,
    },
  );
