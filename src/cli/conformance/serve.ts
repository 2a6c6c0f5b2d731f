import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Route } from '../../conformance/case.ts';
import type { Served } from '../../conformance/host.ts';
import { toBytes } from '../../conformance/spelled.ts';

/** Starts a server on 127.0.0.1 that answers as the routes say. */
export async function serve(routes: Readonly<Record<string, Route>>): Promise<Served> {
  const requests: Served['requests'][number][] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    const bytes = await bodyOf(request);
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    requests.push({
      method,
      path: url,
      headers: Object.fromEntries(headers) as Record<string, string>,
      bytes,
    });
    const {
      status = 200,
      headers: given = [],
      body,
      delayMs,
    } = routes[`${method} ${url}`] ?? {
      status: 404,
      body: { text: 'no route' },
    };
    if (delayMs) await wait(delayMs);
    response.writeHead(
      status,
      given.flatMap(([name, value]) => [name, value.replaceAll('{{server}}', origin)]),
    );
    response.end(body ? toBytes(body, origin) : undefined);
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise(done => server.close(done));
  };
  return { origin, requests, close };
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part as Uint8Array);
  return new Uint8Array(Buffer.concat(parts));
}
