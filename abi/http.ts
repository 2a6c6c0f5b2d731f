import { AbiError } from './errors.ts';
import type { Kernel } from './kernel.ts';

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

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Z-]+$/;
const expected = 'expected {"url": text, "method"?: text, "headers"?: {name: text}}';

/** @throws {AbiError} INVALID_HANDLE, INVALID_UTF8, INVALID_HTTP_REQUEST */
export function readHttpRequest(kernel: Kernel, request: number, body: number): HttpRequest {
  const text = kernel.textOf(request, 'http_request: request');
  const refuse = (got: string): never => {
    throw new AbiError('INVALID_HTTP_REQUEST', `http_request: ${expected}, got ${got}`);
  };
  const fields = parse(text, refuse);
  // The Rust PDK of before 1.0 wrote `header`; today's writes null for a method that is not given.
  const { url, method, headers, header, ...rest } = fields;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) refuse(`the key ${JSON.stringify(unknown)}`);
  if (typeof url !== 'string') return refuse(`a url of type ${typeof url}`);
  const upper = typeof (method ?? 'GET') === 'string' ? String(method ?? 'GET').toUpperCase() : '';
  if (!METHOD.test(upper)) refuse(`the method ${JSON.stringify(method)}`);
  const given = headers ?? header ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) return refuse('headers that are no object');
  const wrong = Object.entries(given).find(([, value]) => typeof value !== 'string');
  if (wrong) refuse(`the header ${JSON.stringify(wrong[0])} of type ${typeof wrong[1]}`);
  return {
    url,
    method: upper,
    headers: given as Record<string, string>,
    body: body === 0 ? null : kernel.bytesOf(body, 'http_request: body').slice(),
  };
}

function parse(text: string, refuse: (got: string) => never): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(`what is not JSON: ${(error as Error).message}`);
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
