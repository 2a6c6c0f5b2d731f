import type { PluginOptions } from '../node.ts';
import type { Route } from './case.ts';
import type { Served } from './host.ts';
import { toBytes } from './spelled.ts';

/** A `fetch` that answers as the routes say. */
export function serveByFetch(
  routes: Readonly<Record<string, Route>>,
): Served & { fetch: NonNullable<PluginOptions['fetch']> } {
  const origin = 'http://127.0.0.1:8000';
  const requests: Served['requests'][number][] = [];
  const fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input));
    const method = init.method ?? 'GET';
    const path = `${url.pathname}${url.search}`;
    const bytes =
      init.body == null ? new Uint8Array(0) : new Uint8Array(await new Response(init.body).arrayBuffer());
    requests.push({ method, path, headers: Object.fromEntries(new Headers(init.headers)), bytes });
    const route = routes[`${method} ${path}`];
    if (!route) return new Response('no route', { status: 404 });
    if (route.delayMs) await new Promise(done => setTimeout(done, route.delayMs));
    const { status = 200, headers = [], body } = route;
    const filled = headers.map(([name, value]): [string, string] => [
      name,
      value.replaceAll('{{server}}', origin),
    ]);
    const content =
      body && method !== 'HEAD' && status !== 204 && status !== 304 ? toBytes(body, origin).slice() : null;
    return new Response(content, { status, headers: filled });
  };
  return { origin, requests, close: async () => {}, fetch: fetch as NonNullable<PluginOptions['fetch']> };
}
