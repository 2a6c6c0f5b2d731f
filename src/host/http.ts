import type { HttpRequest, HttpResponse, SendHttp } from '../../abi/index.ts';
import { describe, messageWithCause, PlugboardError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { HttpAnswer } from '../platform/types.ts';
import { toBase64 } from '../values/base64.ts';
import { readBody } from '../values/body.ts';
import { hideSecrets, shownUrl, withoutUser } from '../values/url.ts';
import { compileGlob, HTTP_SCHEMES } from './allowed-hosts.ts';
import { refusePort, sendableHeaders } from './http-request.ts';

export interface HttpRules {
  fetch: (url: URL, init: RequestInit) => Promise<HttpAnswer>;
  /** Whether `fetch` is that of a browser, which hides redirects and sets some headers itself. */
  inPage: boolean;
  /** Globs of host names: `*` any characters, `?` one, `[…]` one of these. An empty list allows no request. */
  allowedHosts: readonly string[];
  /** Any of `http` and `https`. */
  allowedSchemes: readonly string[];
  maxResponseBytes: number;
  /** Whether the plugin may see the headers of responses. */
  exposesHeaders: boolean;
  /** Gets the bytes of each part of a response's body. */
  onBytes?: ((bytes: number) => void) | undefined;
}

const ANY_HOST = '*';
const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that a redirect to another origin must not receive. */
const PRIVATE_HEADERS = /^(authorization|cookie|proxy-authorization)$/i;
const CONTENT_HEADERS = /^content-/i;

/**
 * Makes the function that sends plugins' requests with `fetch`, without the browser's credentials. It follows redirects itself,
 * and checks the URL of each. Browsers hide redirects, so there `fetch` follows them, if every host and scheme is allowed.
 */
export function httpSender(rules: HttpRules, signal: () => AbortSignal | undefined): SendHttp {
  const allowed = rules.allowedHosts.map(glob => compileGlob(glob));
  return async given => {
    let request = given;
    for (let hops = 0; hops <= LIMITS.httpRedirects.default; hops++) {
      const url = checkUrl(request.url, allowed, rules);
      if (hops === 0) request = { ...given, headers: sendableHeaders(given, url, rules.inPage) };
      const response = await sendOnce(url, request, rules, signal());
      if (response.type === 'opaqueredirect') {
        throw denied(
          url,
          `it redirects, and this platform does not tell where to; allow "${ANY_HOST}" and any scheme to follow`,
        );
      }
      const location = REDIRECTS.includes(response.status) ? response.headers.get('location') : null;
      if (location === null) return readResponse(url, request.method, response, rules);
      letGo(response.body);
      request = redirect(request, url, response.status, location);
    }
    throw new PlugboardError(
      'HTTP_FAILED',
      `http_request: ${shownUrl(new URL(given.url))} redirects more than ${LIMITS.httpRedirects.default} times`,
    );
  };
}

async function sendOnce(
  url: URL,
  { method, headers, body }: HttpRequest,
  { fetch, ...rules }: HttpRules,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  try {
    const answer = await fetch(withoutUser(url), {
      method,
      headers: { ...basicAuthorization(url, headers), ...headers },
      // fetch refuses a body with these methods.
      body: method === 'GET' || method === 'HEAD' ? null : body,
      redirect: rules.inPage && allowsAll(rules) ? 'follow' : 'manual',
      credentials: 'omit',
      ...(signal && { signal }),
    });
    refuseOther(answer, rules);
    return answer;
  } catch (error) {
    throw error instanceof PlugboardError && error.code === 'HTTP_DENIED' ? error : failed(url, error);
  }
}

/** Refuses a value without the members that are read: the option `fetch` may return anything. */
function refuseOther(answer: unknown, { exposesHeaders }: Omit<HttpRules, 'fetch'>): void {
  const { status, headers, body } = Object(answer) as Partial<HttpAnswer>;
  const readsHeaders = exposesHeaders || REDIRECTS.includes(status!);
  const isHeaders = typeof headers?.get === 'function' && Symbol.iterator in headers;
  const wrong =
    (!Number.isInteger(status) && 'status') ||
    (body != null && typeof body.getReader !== 'function' && 'body') ||
    (readsHeaders && !isHeaders && 'headers');
  if (wrong) {
    throw new TypeError(
      `the function fetch, which is the option or the global one, returned ${describe(answer)}, expected a Response; its ${wrong} is not that of one`,
    );
  }
}

/** Whether redirects need no check. `fetch` itself follows them only to http and https. */
const allowsAll = ({ allowedHosts, allowedSchemes }: Omit<HttpRules, 'fetch'>) =>
  allowedHosts.includes(ANY_HOST) && HTTP_SCHEMES.every(scheme => allowedSchemes.includes(scheme));

/**
 * Turns user name and password of a URL into a header, as other clients do, unless the plugin gives that header. `fetch` refuses
 * URLs that contain them.
 */
function basicAuthorization(
  { username, password }: URL,
  headers: HttpRequest['headers'],
): Record<string, string> {
  const isGiven = Object.keys(headers).some(name => /^authorization$/i.test(name));
  if (isGiven || (!username && !password)) return {};
  const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { authorization: `Basic ${toBase64(bytes)}` };
}

function redirect(request: HttpRequest, from: URL, status: number, location: string): HttpRequest {
  if (!URL.canParse(location, from.href)) {
    throw new PlugboardError(
      'HTTP_FAILED',
      `http_request: ${shownUrl(from)} redirects to ${describe(location)}, which is not a URL`,
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
    throw new PlugboardError(
      'HTTP_FAILED',
      `http_request: expected an absolute URL, got ${describe(shownUrl(text))}`,
    );
  }
  const url = new URL(text);
  if (!rules.allowedSchemes.some(scheme => url.protocol === `${scheme}:`))
    throw denied(url, `only ${rules.allowedSchemes.join(' and ') || 'nothing'} is sent (allowedSchemes)`);
  refusePort(url);
  // URLs write IPv6 addresses in brackets, which have another meaning in globs.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (allowed.some(pattern => pattern.test(host))) return url;
  const list = rules.allowedHosts.map(item => `"${item}"`).join(', ') || 'none';
  throw denied(url, `allowedHosts allows ${list}`);
}

async function readResponse(
  url: URL,
  method: string,
  response: HttpAnswer,
  { maxResponseBytes, exposesHeaders, onBytes }: HttpRules,
): Promise<HttpResponse> {
  const headers: Record<string, string> = Object.create(null);
  const tooLong = () => {
    const message = `http_request: the response of ${shownUrl(url)} is over the limit of ${maxResponseBytes} bytes (memory.maxHttpResponseBytes)`;
    return new PlugboardError('HTTP_RESPONSE_LIMIT', message);
  };
  try {
    // As in the native runtime, the last `set-cookie` wins, and a value beyond ASCII is left out.
    for (const [name, value] of exposesHeaders ? response.headers : [])
      if (/^[\t -~]*$/.test(value)) headers[name] = value;
    const body = await readBody(response, maxResponseBytes, tooLong, onBytes);
    if (method !== 'HEAD' && wasDecoded(headers, body)) {
      delete headers['content-encoding'];
      delete headers['content-length'];
    }
    return { status: response.status, headers, body };
  } catch (error) {
    throw error instanceof PlugboardError ? error : failed(url, error);
  }
}

/**
 * Whether `fetch` decoded a body. All runtimes decode gzip and br, and some decode others: then the length is another one. A body
 * in chunks has no length. One that still begins as zstd does was not decoded (https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1).
 */
const wasDecoded = (headers: HttpResponse['headers'], body: Uint8Array): boolean => {
  const coding = headers['content-encoding'] ?? '';
  if (/^zstd$/i.test(coding) && `${body.subarray(0, 4)}` === '40,181,47,253') return false;
  return (
    /^(gzip|br)$/.test(coding) ||
    (/^((x-)?gzip|deflate|br|zstd)\b/i.test(coding) && headers['content-length'] !== `${body.length}`)
  );
};

/** Cancels a body. Not awaited: if the body was cloned, the promise settles only when the clone is done too. */
function letGo(body: { cancel(): Promise<void> } | null): void {
  body?.cancel().catch(() => {});
}

const denied = (url: URL, why: string) =>
  new PlugboardError('HTTP_DENIED', `http_request: ${shownUrl(url)} is not allowed: ${why}`);

const failed = (url: URL, error: unknown) =>
  new PlugboardError(
    'HTTP_FAILED',
    `http_request: ${shownUrl(url)}: ${hideSecrets(messageWithCause(error), url)}`,
    {
      cause: error,
    },
  );
