import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { HttpRequest } from '../../abi/index.ts';
import { createPlugin } from '../../src/create.ts';
import { type HttpRules, httpSender } from '../../src/host/http.ts';
import { nodePlatform } from '../../src/platform/node.ts';
import { nodeFetch } from '../../src/platform/node-http.ts';
import { isPrivateAddress } from '../../src/platform/private-address.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

interface Seen {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** Answers by path. Redirects lead to /echo. */
const PATHS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/echo': response => response.end('echo'),
  '/gzip': response => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('decoded')),
  '/broken': response => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip'),
  '/br': response => response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('decoded')),
  '/deflate': response =>
    response.writeHead(200, { 'content-encoding': 'deflate' }).end(deflateSync('decoded')),
  '/other': response => response.writeHead(200, { 'content-encoding': 'other' }).end('raw'),
  '/cookies': response => response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end('x'),
  '/none': response => response.writeHead(204, { 'content-encoding': 'gzip' }).end(),
  '/half': response => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  },
  '/hangs-up': response => void response.destroy(),
  ...Object.fromEntries(
    [301, 302, 303, 307, 308].map(status => [
      `/${status}`,
      (response: ServerResponse) => response.writeHead(status, { location: '/echo' }).end('moved'),
    ]),
  ),
};

async function listen<T>(server: Server, use: (port: number) => Promise<T>): Promise<T> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    await new Promise(resolve => server.close(resolve));
  }
}

/** Runs a server that records each request, its headers byte by byte. */
async function withServer(use: (port: number, seen: Seen[]) => Promise<void>): Promise<void> {
  const seen: Seen[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    seen.push({
      method,
      url,
      headers: headers as Record<string, string>,
      body: Buffer.concat(body).toString(),
    });
    PATHS[url]!(response.setHeader('connection', 'close'));
  });
  await listen(server, port => use(port, seen));
}

type Fetch = HttpRules['fetch'];

/** A look-up that gives these addresses, one after the other. The last one stays. */
function lookUpOf(...addresses: string[]) {
  const asked: string[] = [];
  const lookUp = async (name: string) => {
    const address = addresses[Math.min(asked.push(name), addresses.length) - 1]!;
    return [{ address, family: address.includes(':') ? 6 : 4 }];
  };
  return { asked, lookUp };
}

const send = (fetch: Fetch, url: string, given: Partial<HttpRequest> = {}) => {
  const rules = { allowedHosts: ['*'], allowedSchemes: ['http', 'https'], exposesHeaders: true };
  const sender = httpSender({ ...rules, fetch, inPage: false, maxResponseBytes: 1000 }, () => undefined);
  return Promise.resolve(sender({ url, method: 'GET', headers: {}, body: null, ...given }));
};
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const body = () => new TextEncoder().encode('ping');

/** Both ways out of Node, Deno and Bun. They behave the same. */
const FETCHES: [name: string, fetch: Fetch][] = [
  ['fetch', (url, init) => nodePlatform.fetch(url, init)],
  ['nodeFetch', nodeFetch(undefined, () => false)],
];

suite('requests to a server', test => {
  for (const [by, fetch] of FETCHES) {
    for (const status of [301, 302, 303, 307, 308])
      test.row('abi.http-redirect-body', `${by}: a redirect by ${status} of a POST with a body`, () =>
        withServer(async (port, seen) => {
          const response = await send(fetch, `http://127.0.0.1:${port}/${status}`, {
            method: 'POST',
            body: body(),
          });
          is(text(response.body), 'echo');
          const second = status < 307 ? ['GET', '/echo', ''] : ['POST', '/echo', 'ping'];
          equal(
            seen.map(({ method, url, body }) => [method, url, body]),
            [['POST', `/${status}`, 'ping'], second],
          );
        }),
      );

    for (const [path, expected] of [
      ['/gzip', 'decoded'],
      ['/br', 'decoded'],
      ['/none', ''],
    ])
      test(`${by}: ${path} is decoded, and the header does not stay`, () =>
        withServer(async port => {
          const response = await send(fetch, `http://127.0.0.1:${port}${path}`);
          equal([text(response.body), response.headers['content-encoding']], [expected, undefined]);
        }));

    test(`${by}: a coding that is not known stays in the headers`, () =>
      withServer(async port => {
        const response = await send(fetch, `http://127.0.0.1:${port}/other`);
        equal([text(response.body), response.headers['content-encoding']], ['raw', 'other']);
      }));

    for (const path of ['/half', '/hangs-up', '/broken'])
      test.row('error.HTTP_FAILED', `${by}: ${path} fails`, () =>
        withServer(async port => {
          await raises(() => send(fetch, `http://127.0.0.1:${port}${path}`), { code: 'HTTP_FAILED' });
        }),
      );

    test(`${by}: the last cookie is kept`, () =>
      withServer(async port => {
        is((await send(fetch, `http://127.0.0.1:${port}/cookies`)).headers['set-cookie'], 'b=2');
      }));

    test(`${by}: a header value beyond ASCII goes out as UTF-8`, () =>
      withServer(async (port, seen) => {
        await send(fetch, `http://127.0.0.1:${port}/echo`, { headers: { x: 'é€' } });
        const value = seen[0]!.headers.x!;
        const utf8 = Buffer.from('é€').toString('latin1');
        ok(value === utf8 || value === 'é€', `${JSON.stringify(value)} is UTF-8, decoded or not`);
      }));

    test(`${by}: a status beyond 599 is a response`, async () => {
      const server = createTcpServer(socket => {
        socket.on('error', () => {}).resume();
        socket.end('HTTP/1.1 600 Odd\r\ncontent-length: 3\r\nconnection: close\r\n\r\nodd');
      });
      await listen(server, async port => {
        const { status, body } = await send(fetch, `http://127.0.0.1:${port}/`);
        equal([status, text(body)], [600, 'odd']);
      });
    });

    test(`${by}: an abort ends the request`, async () => {
      const silent = createTcpServer(socket => void socket.on('error', () => {}).resume());
      await listen(silent, async port => {
        const controller = new AbortController();
        const pending = fetch(new URL(`http://127.0.0.1:${port}/`), { signal: controller.signal });
        setTimeout(() => controller.abort(new Error('enough')), 20);
        const outcome = await pending.then(
          () => 'answered',
          () => 'ended',
        );
        is(outcome, 'ended');
      });
    });
  }
});

suite('addresses of host names', test => {
  const NAME = 'nowhere.invalid';

  const isOther = (address: string) => address !== '127.0.0.1';

  test('a name is looked up once, and the connection leads to the address that was checked', () =>
    withServer(async (port, seen) => {
      const { asked, lookUp } = lookUpOf('127.0.0.1', '127.0.0.9');
      is(text((await send(nodeFetch(lookUp, isOther), `http://${NAME}:${port}/echo`)).body), 'echo');
      equal(asked, [NAME]);
      is(seen[0]!.headers.host, `${NAME}:${port}`);
    }));

  test('a redirect to the same name is looked up and checked again', () =>
    withServer(async (port, seen) => {
      const { asked, lookUp } = lookUpOf('127.0.0.1', '127.0.0.9');
      const url = `http://user:word@${NAME}:${port}/302`;
      const error = await raises(() => send(nodeFetch(lookUp, isOther), url), {
        code: 'HTTP_DENIED',
        message: `http://${NAME}:${port}/echo is not allowed: its address 127.0.0.9 is outside the public internet`,
      });
      ok(!/user|word/.test(error.message), error.message);
      equal([asked.length, seen.map(({ url }) => url)], [2, ['/302']]);
    }));

  test('one private address among several refuses the request', async () => {
    const addresses = ['8.8.8.8', '10.0.0.1'].map(address => ({ address, family: 4 }));
    const fetch = nodeFetch(async () => addresses);
    await raises(() => send(fetch, `http://${NAME}/`), { code: 'HTTP_DENIED', message: '10.0.0.1' });
  });

  const privateHosts = [
    ...['127.0.0.1', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '127.0.0.1.', '0', '10.255.0.1'],
    ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '198.19.0.1'],
    ...['224.0.0.1', '255.255.255.255', '[::]', '[::1]', '[fe80::1]', '[fc00::1]', '[fdff::1]', '[ff02::1]'],
    ...['[::ffff:127.0.0.1]', '[::ffff:a00:1]', '[::127.0.0.1]', '[64:ff9b::192.168.0.1]', '[2002:7f00:1::]'],
    ...['[2001:db8::1]', '[2001::7f00:1]', '[3fff::1]', '[64:ff9b:1::1]', '１２７.0.0.1'],
  ];
  for (const name of privateHosts)
    test.row('security.no-system-access', `${name} is outside the public internet`, async () => {
      const { hostname } = new URL(`http://${name}/`);
      const { lookUp } = lookUpOf(hostname.replace(/^\[|\]$/g, ''));
      await raises(() => send(nodeFetch(lookUp), `http://${name}/`), { code: 'HTTP_DENIED' });
    });

  for (const address of ['::1%lo', 'fe80::1%eth0', '2606:4700::1111%eth0', '::ffff:10.0.0.1', '', 'x'])
    test(`an address of the form ${JSON.stringify(address)} counts as private`, () => {
      is(isPrivateAddress(address), true);
    });

  const publicAddresses = [
    ...['8.8.8.8', '172.15.255.255', '172.32.0.1', '100.128.0.1', '11.0.0.1', '223.255.255.255'],
    ...['2606:4700::1111', '2001:4860::8888', '3ffe::1', '::ffff:8.8.8.8', '2002:808:808::'],
  ];
  for (const address of publicAddresses)
    test(`${address} is an address of the public internet`, () => {
      is(isPrivateAddress(address), false);
    });

  const wasm = () => host().readBytes('fixtures/rust-http/rust_http.wasm');
  const options = { allowedHosts: ['*'], allowPrivateAddresses: false };

  test.row(
    ['error.HTTP_DENIED', 'security.no-system-access'],
    'allowPrivateAddresses: false refuses a name with a private address, in the platform of each plugin',
    async () => {
      const { asked, lookUp } = lookUpOf('10.0.0.1');
      const plugin = await createPlugin(
        { ...nodePlatform, publicFetch: () => nodeFetch(lookUp) },
        wasm(),
        options,
      );
      await raises(() => plugin.call('get', `http://${NAME}/`), { code: 'HTTP_DENIED', message: '10.0.0.1' });
      equal(asked, [NAME]);
      await plugin.close();
    },
  );

  test('localhost is looked up by the system, and a name without an address is HTTP_FAILED', async () => {
    const plugin = await createPlugin(nodePlatform, wasm(), options);
    for (const name of ['localhost', '127.0.0.1', '[::1]'])
      await raises(() => plugin.call('get', `http://${name}/`), {
        code: 'HTTP_DENIED',
        message: 'its address',
      });
    await raises(() => plugin.call('get', `http://${NAME}/`), { code: 'HTTP_FAILED', message: NAME });
    await plugin.close();
  });

  test('the certificate is checked for the name, and not for the address', async () => {
    const names: string[] = [];
    // Reads the name from the hello of TLS, and hangs up.
    const server = createTcpServer(socket => {
      socket.on('error', () => {});
      socket.once('data', hello => {
        if (hello.includes(NAME)) names.push(NAME);
        socket.destroy();
      });
    });
    await listen(server, async port => {
      const fetch = nodeFetch(lookUpOf('127.0.0.1').lookUp, isOther);
      await raises(() => send(fetch, `https://${NAME}:${port}/`), { code: 'HTTP_FAILED' });
    });
    equal(names, [NAME]);
  });
});
