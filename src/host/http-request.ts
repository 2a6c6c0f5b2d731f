import type { HttpRequest } from '../../abi/index.ts';
import { attempt, describe, PlugboardError } from '../errors.ts';

// Rules for the requests of plugins. A method, port or header that the `fetch` of one runtime drops, changes or refuses is
// refused on all of them, with its name. RATIONALE: which-requests-are-refused-before-they-are-sent

/** Methods that every runtime sends. Bun sends GET instead of a method that it does not know. */
const METHODS =
  /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|QUERY|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|SEARCH|REPORT|PURGE|ACL|MERGE|NOTIFY|SUBSCRIBE)$/;

/** https://fetch.spec.whatwg.org/#port-blocking */
const BAD_PORTS =
  '0 1 7 9 11 13 15 17 19-23 25 37 42 43 53 69 77 79 87 95 101-104 109-111 113 115 117 119 123 135 137 139 143 161 179 389 427 465 512-515 526 530-532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665-6669 6679 6697 10080'
    .split(' ')
    .map(range => range.split('-').map(Number));

/** Headers of the connection, which `fetch` manages. */
const CONNECTION_HEADERS = /^(connection|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/;

/** Headers that only the browser sets: https://fetch.spec.whatwg.org/#forbidden-request-header */
const BROWSER_HEADERS =
  /^(accept-(charset|encoding)|access-control-request-.*|cookie2?|date|dnt|origin|referer|set-cookie|via|(proxy|sec)-.*)$/;

const refuse = (what: string, why: string): never => {
  throw new PlugboardError('INVALID_HTTP_REQUEST', `http_request: ${what} cannot be sent: ${why}`);
};

/** @throws {PlugboardError} INVALID_HTTP_REQUEST */
export function refusePort({ port }: URL): void {
  const isBad = ([from, to = from]: number[]) => Number(port) >= from! && Number(port) <= to!;
  if (port && BAD_PORTS.some(isBad)) refuse(`a request to port ${port}`, 'fetch blocks this port');
}

/**
 * Checks the method, and returns the headers in the form that `fetch` takes: without those that it sets by itself.
 * @param inPage whether the `fetch` is that of a browser
 * @throws {PlugboardError} INVALID_HTTP_REQUEST
 */
export function sendableHeaders(
  { method, headers, body }: HttpRequest,
  { host }: URL,
  inPage: boolean,
): Record<string, string> {
  if (!METHODS.test(method)) refuse(`the method ${describe(method)}`, 'not every runtime has it');
  const setByFetch: Readonly<Record<string, string>> = { host, 'content-length': `${body?.length ?? 0}` };
  const sendable: Record<string, string> = Object.create(null);
  for (const [given, value] of Object.entries(headers)) {
    const what = `the header ${describe(given)}`;
    const name = given.toLowerCase();
    const expected = Object.hasOwn(setByFetch, name) ? setByFetch[name] : undefined;
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(given)) refuse(what, 'it is not the name of a header');
    if (/[^\t -~\u0080-\uffff]/.test(value)) refuse(what, 'its value has a control character');
    if (CONNECTION_HEADERS.test(name)) refuse(what, 'it belongs to the connection, which fetch manages');
    if (inPage && BROWSER_HEADERS.test(name)) refuse(what, 'in a page only the browser sets it');
    if (expected === undefined) sendable[given] = toByteString(value);
    else if (value !== expected) refuse(what, `fetch sets it, to ${expected} for this request`);
  }
  return sendable;
}

/** Returns a header value that goes out as UTF-8, as native sends it. Standard `Headers` write one byte for each character. */
function toByteString(value: string): string {
  if (/^[\t -~]*$/.test(value) || takesText()) return value;
  return Array.from(new TextEncoder().encode(value), byte => String.fromCharCode(byte)).join('');
}

/** Whether `Headers` take any text, and write UTF-8 themselves, as those of workerd do. */
const takesText = (): boolean => attempt(() => new Headers({ x: '\u20ac' }).has('x'), false);
