import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jspi } from '../../src/engine/jspi.ts';
import type { CallError, Plugin } from '../../src/node.ts';
import { is, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { createPlugin, suiteInWorker } from '../helpers/modes.ts';
import { suite, type Test } from '../helpers/suite.ts';

/** The answers of the server, by path. */
const PATHS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/fine': response => response.end('fine'),
  '/empty': response => response.writeHead(204).end(),
  '/stalls': () => {},
  '/stalls-in-the-body': response => void response.writeHead(200).write('half'),
  '/half': response => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('half', () => response.destroy());
  },
  '/hangs-up': response => void response.destroy(),
  '/at-the-limit': response => response.end(Buffer.alloc(5000)),
  '/too-much': response => response.end(Buffer.alloc(5001)),
  '/no-end': response => {
    const more = () => {
      if (!response.destroyed) response.write(Buffer.alloc(1 << 16), () => setTimeout(more, 1));
    };
    more();
  },
  '/loop': response => response.writeHead(302, { location: '/loop' }).end(),
  '/away': response => response.writeHead(302, { location: 'http://localhost/' }).end(),
  '/twice': response => response.writeHead(307, { location: '/once' }).end(),
  '/once': response => response.writeHead(302, { location: '/fine' }).end(),
};

interface Row {
  path: string;
  code?: string;
  text?: string;
  /** Whether only an abort ends the request. */
  aborted?: true;
}
const ROWS: readonly Row[] = [
  { path: '/fine', text: 'fine' },
  { path: '/empty', text: '' },
  { path: '/stalls', code: 'ABORTED', aborted: true },
  { path: '/stalls-in-the-body', code: 'ABORTED', aborted: true },
  { path: '/half', code: 'HTTP_FAILED' },
  { path: '/hangs-up', code: 'HTTP_FAILED' },
  { path: '/at-the-limit', text: '\0'.repeat(5000) },
  { path: '/too-much', code: 'HTTP_RESPONSE_LIMIT' },
  { path: '/no-end', code: 'HTTP_RESPONSE_LIMIT' },
  { path: '/loop', code: 'HTTP_FAILED' },
  { path: '/away', code: 'HTTP_DENIED' },
  { path: '/twice', text: 'fine' },
];

const wasm = () => host().readBytes('fixtures/rust-http/rust_http.wasm');

async function withServer(use: (origin: string) => Promise<void>): Promise<void> {
  const server: Server = createServer((request, response) => PATHS[request.url!]!(response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }
}

const real = (test: Test) => {
  const create = () =>
    createPlugin(wasm(), {
      allowedHosts: ['127.0.0.1'],
      memory: { maxHttpResponseBytes: 5000 },
    });

  for (const { path, code, text, aborted } of ROWS) {
    test(`${path}: ${code ?? 'a response'}`, () =>
      withServer(async origin => {
        const plugin = await create();
        const controller = new AbortController();
        const call = plugin.call('get', `${origin}${path}`, null, { signal: controller.signal });
        if (aborted) setTimeout(() => controller.abort(), 20);
        if (code) await raises(() => call, { code });
        else is((await call)?.text(), text);
        is((await plugin.call('get', `${origin}/fine`))?.text(), 'fine');
        await plugin.close();
      }));
  }

  test('a fetch that calls the plugin again, and waits for it', async () => {
    const made: { plugin?: Plugin } = {};
    const fetch = async () => {
      const answer = await made.plugin!.call('get', 'http://127.0.0.1/').then(
        () => 'called',
        error => (error as CallError).code,
      );
      return new Response(answer);
    };
    made.plugin = await createPlugin(wasm(), {
      allowedHosts: ['127.0.0.1'],
      fetch: fetch as unknown as typeof globalThis.fetch,
    });
    is((await made.plugin.call('get', 'http://127.0.0.1/'))?.text(), 'REENTRANT_CALL');
    is((await made.plugin.call('get', 'http://127.0.0.1/'))?.text(), 'REENTRANT_CALL');
    await made.plugin.close();
  });

  test('a port without a server is HTTP_FAILED', async () => {
    let origin = '';
    await withServer(async where => {
      origin = where;
    });
    const plugin = await create();
    const error = await raises(() => plugin.call('get', origin), { code: 'HTTP_FAILED' });
    ok(error.message.includes(origin), error.message);
    await plugin.close();
  });
};

suite('a real server', real, jspi ? null : 'this engine cannot suspend a plugin');
suiteInWorker('a real server', real);
