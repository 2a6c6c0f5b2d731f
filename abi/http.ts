import { AbiError } from './errors.ts';
import { hasTooManyValues, MAX_JSON_VALUES } from './json.ts';
import type { Kernel } from './kernel.ts';
import { shorten } from './utf8.ts';

/** The request that a plugin passes to `http_request`. */
export interface HttpRequest {
  url: string;
  /** In upper case. */
  method: string;
  headers: Readonly<Record<string, string>>;
  /** A copy; null without one. */
  body: Uint8Array<ArrayBuffer> | null;
}

export interface HttpResponse {
  status: number;
  /** By lower-case name. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

/** Sends a request. The embedder's function decides which requests it allows; an error that it throws ends the plugin's call. */
export type SendHttp = (request: HttpRequest) => PromiseLike<HttpResponse>;

/**
 * The most UTF-16 code units of a URL. URL parsers write up to nine characters for one code unit, and Node ends the process
 * when the result would be longer than the longest string.
 */
export const MAX_URL_CHARACTERS = 1_048_576;

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Z-]+$/;
const expected = 'expected {"url": text, "method"?: text, "headers"?: {name: text}}';

/** @throws {AbiError} INVALID_HANDLE, INVALID_UTF8, TEXT_TOO_LONG, INVALID_HTTP_REQUEST */
export function readHttpRequest(kernel: Kernel, request: number, body: number): HttpRequest {
  const text = kernel.textOf(request, 'http_request: request');
  const refuse = (got: string): never => {
    throw new AbiError('INVALID_HTTP_REQUEST', `http_request: ${expected}, got ${got}`);
  };
  const fields = parse(text, refuse);
  // The Rust PDK before 1.0 wrote `header`; the present one writes null for a missing method.
  const { url, method, headers, header, ...rest } = fields;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) refuse(`the key ${quote(unknown)}`);
  if (typeof url !== 'string') return refuse(`a url of type ${typeof url}`);
  if (url.length > MAX_URL_CHARACTERS)
    return refuse(`a url of ${url.length} characters, over the limit of ${MAX_URL_CHARACTERS}`);
  const upper = typeof (method ?? 'GET') === 'string' ? String(method ?? 'GET').toUpperCase() : '';
  if (!METHOD.test(upper)) refuse(`the method ${quote(method)}`);
  const given = headers ?? header ?? {};
  if (!isObject(given)) return refuse('headers that are not an object');
  const wrong = Object.entries(given).find(([, value]) => typeof value !== 'string');
  if (wrong) refuse(`the header ${quote(wrong[0])} of type ${typeof wrong[1]}`);
  return {
    url,
    method: upper,
    headers: given as Record<string, string>,
    body: body === 0 ? null : kernel.bytesOf(body, 'http_request: body').slice(),
  };
}

/** Quotes a value for a message, and cuts it, because a plugin can pass a text of any length. */
const quote = (value: unknown) =>
  typeof value === 'string' ? JSON.stringify(shorten(value)) : shorten(String(value));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parse(text: string, refuse: (got: string) => never): Record<string, unknown> {
  if (hasTooManyValues(text)) refuse(`JSON of more than ${MAX_JSON_VALUES} keys and values`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(`a text that is not JSON: ${shorten((error as Error).message, 200)}`);
  }
  return isObject(value) ? value : refuse(`JSON that is not an object`);
}

/**
 * Sends the request and returns the handle of the response's body, 0 for an empty body. Implements `http_request` for plugins
 * whose imports can wait. `http_status_code` returns 0 until the response has come.
 * @throws {AbiError} as `readHttpRequest`, or MEMORY_LIMIT
 */
export async function performHttpRequest(
  kernel: Kernel,
  send: SendHttp,
  request: bigint,
  body: bigint,
): Promise<bigint> {
  kernel.http = { status: 0, headers: {} };
  const response = await send(readHttpRequest(kernel, Number(request), Number(body)));
  kernel.check();
  kernel.http = { status: response.status, headers: response.headers };
  return BigInt(kernel.place(response.body));
}
