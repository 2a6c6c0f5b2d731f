import { AbiError } from './errors.ts';
import { hasTooManyValues, MAX_JSON_VALUES } from './json.ts';
import type { Kernel } from './kernel.ts';
import { shorten } from './utf8.ts';

/** What a plugin asks for with `http_request`. */
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

/** Sends a request, within the rules of whoever provides it. What it throws ends the plugin's call. */
export type SendHttp = (request: HttpRequest) => PromiseLike<HttpResponse>;

/**
 * The most UTF-16 code units of a URL. Parsers of URLs write up to nine characters for one, and Node ends the process
 * where the result is longer than a string may be.
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
  // The Rust PDK of before 1.0 wrote `header`; today's writes null for a method that is not given.
  const { url, method, headers, header, ...rest } = fields;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) refuse(`the key ${quote(unknown)}`);
  if (typeof url !== 'string') return refuse(`a url of type ${typeof url}`);
  if (url.length > MAX_URL_CHARACTERS)
    return refuse(`a url of ${url.length} characters, over the limit of ${MAX_URL_CHARACTERS}`);
  const upper = typeof (method ?? 'GET') === 'string' ? String(method ?? 'GET').toUpperCase() : '';
  if (!METHOD.test(upper)) refuse(`the method ${quote(method)}`);
  const given = headers ?? header ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) return refuse('headers that are no object');
  const wrong = Object.entries(given).find(([, value]) => typeof value !== 'string');
  if (wrong) refuse(`the header ${quote(wrong[0])} of type ${typeof wrong[1]}`);
  return {
    url,
    method: upper,
    headers: given as Record<string, string>,
    body: body === 0 ? null : kernel.bytesOf(body, 'http_request: body').slice(),
  };
}

/** Cut, since the text may be as long as a string can be. */
const quote = (value: unknown) =>
  typeof value === 'string' ? JSON.stringify(shorten(value)) : shorten(String(value));

function parse(text: string, refuse: (got: string) => never): Record<string, unknown> {
  if (hasTooManyValues(text)) refuse(`JSON of more than ${MAX_JSON_VALUES} keys and values`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(`what is not JSON: ${shorten((error as Error).message, 200)}`);
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : refuse(`JSON that is no object`);
}

/**
 * The function `http_request` where a plugin can wait: sends the request and answers the handle of the response's body,
 * 0 for an empty one. The status is 0 while it runs.
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
