import type { Socket } from 'node:net';
import type { Message } from '../../src/actor/index.ts';
import { type ComponentFunction, Network } from '../../src/network/node.ts';
import { EMPTY, type Frame, reduce } from '../../src/page/picture.ts';
import { is, match, ok } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { end, graphOf, int } from '../network/make-network.ts';

type PageServer = import('../../src/cli/page-server.ts').PageServer;

interface Address {
  readonly port: number;
  readonly token: string;
}

interface Row {
  readonly name: string;
  readonly status: number;
  /** Text of the request, with `HOST` and `TOKEN` in place of those of the page. */
  readonly request: string;
  /** Matches the answer. */
  readonly answer?: RegExp;
}

const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: HOST', ...headers, '', ''].join('\r\n');
const post = (path: string, ...headers: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: HOST', ...headers, '', ''].join('\r\n');

const send = (body: string, ...headers: string[]) =>
  post('/TOKEN/send', ...headers, `Content-Length: ${body.length}`) + body;

const ROWS: readonly Row[] = [
  { name: 'the page', status: 200, request: get('/TOKEN/'), answer: /<!doctype html>/ },
  {
    name: 'the page for a link of its own origin',
    status: 200,
    request: get('/TOKEN/', 'Origin: http://HOST'),
  },
  {
    name: 'the page has a policy',
    status: 200,
    request: get('/TOKEN/'),
    answer: /default-src 'none'; script-src 'sha256-/,
  },
  { name: 'a pause', status: 204, request: post('/TOKEN/pause', 'Origin: http://HOST', 'Content-Length: 0') },
  { name: 'a step', status: 204, request: post('/TOKEN/step', 'Content-Length: 0') },
  { name: 'no token', status: 404, request: get('/') },
  { name: 'a wrong token', status: 404, request: get(`/${'0'.repeat(32)}/`) },
  { name: 'a part of the token', status: 404, request: get('/HALF/') },
  { name: 'the token in other letters', status: 404, request: get('/UPPER/') },
  { name: 'a wrong token for events', status: 404, request: get(`/${'0'.repeat(32)}/events`) },
  {
    name: 'a wrong token for a pause',
    status: 404,
    request: post(`/${'0'.repeat(32)}/pause`, 'Content-Length: 0'),
  },
  { name: 'the token without a slash', status: 404, request: get('/TOKEN') },
  { name: 'the token in the query', status: 404, request: get('/?TOKEN/') },
  {
    name: 'a Host that leads to 127.0.0.1 (DNS rebinding)',
    status: 403,
    request: get('/TOKEN/').replace('HOST', 'evil.example:PORT'),
  },
  { name: 'the Host localhost', status: 403, request: get('/TOKEN/').replace('HOST', 'localhost:PORT') },
  { name: 'a Host with another port', status: 403, request: get('/TOKEN/').replace('HOST', '127.0.0.1:1') },
  { name: 'a Host without a port', status: 403, request: get('/TOKEN/').replace('HOST', '127.0.0.1') },
  { name: 'an absolute address of another host', status: 404, request: get('http://evil.example/TOKEN/') },
  {
    name: 'the Origin of another page',
    status: 403,
    request: get('/TOKEN/events', 'Origin: http://evil.example'),
  },
  {
    name: 'the Origin of another port',
    status: 403,
    request: post('/TOKEN/pause', 'Origin: http://127.0.0.1:1', 'Content-Length: 0'),
  },
  {
    name: 'the Origin null of a sandboxed frame',
    status: 403,
    request: post('/TOKEN/step', 'Origin: null', 'Content-Length: 0'),
  },
  {
    name: 'the Origin with https',
    status: 403,
    request: post('/TOKEN/step', 'Origin: https://HOST', 'Content-Length: 0'),
  },
  {
    name: 'a preflight of another page',
    status: 403,
    request: get(
      '/TOKEN/pause',
      'Origin: http://evil.example',
      'Access-Control-Request-Method: POST',
    ).replace('GET', 'OPTIONS'),
  },
  {
    name: 'a method that the page lacks',
    status: 405,
    request: post('/TOKEN/', 'Content-Length: 0'),
    answer: /allow: GET/i,
  },
  { name: 'a pause by a link', status: 405, request: get('/TOKEN/pause'), answer: /allow: POST/i },
  { name: 'DELETE', status: 405, request: get('/TOKEN/events').replace('GET', 'DELETE') },
  { name: 'a path outside', status: 404, request: get('/TOKEN/../../etc/passwd') },
  { name: 'an escaped path outside', status: 404, request: get('/TOKEN/%2e%2e%2fetc%2fpasswd') },
  { name: 'a path below a path', status: 404, request: post('/TOKEN/pause/', 'Content-Length: 0') },
  { name: 'a name of Object.prototype', status: 404, request: get('/TOKEN/constructor') },
  { name: 'an unknown path', status: 404, request: get('/TOKEN/favicon.ico') },
  { name: 'a body', status: 413, request: `${post('/TOKEN/pause', 'Content-Length: 5')}12345` },
  {
    name: 'a body of 1 TB that never comes',
    status: 413,
    request: post('/TOKEN/pause', 'Content-Length: 1000000000000'),
  },
  {
    name: 'a message',
    status: 204,
    request: send('{"port":"go","text":"5"}', 'Origin: http://HOST'),
  },
  {
    name: 'a message of another page',
    status: 403,
    request: send('{"port":"go","text":"5"}', 'Origin: http://evil.example'),
  },
  {
    name: 'a message with a wrong token',
    status: 404,
    request: send('{"port":"go","text":"5"}').replace('TOKEN', '0'.repeat(32)),
  },
  { name: 'a message by a link', status: 405, request: get('/TOKEN/send') },
  {
    name: 'a message for a port that is missing',
    status: 400,
    request: send('{"port":"constructor","text":"5"}'),
    answer: /UNKNOWN_PORT: send: the network has no inport "constructor"; there are "go"/,
  },
  {
    name: 'an initial packet',
    status: 204,
    request: send('{"node":"a","port":"in","text":"5"}', 'Origin: http://HOST'),
  },
  {
    name: 'a message for a port of a node without an initial packet',
    status: 400,
    request: send('{"node":"a","port":"out","text":"5"}'),
    answer: /UNKNOWN_PORT: send: expected an inport .* initial packet, got port "out" of node "a"/,
  },
  {
    name: 'an initial packet that is a wrong message',
    status: 400,
    request: send(`{"node":"a","port":"in","text":${JSON.stringify('{"type":"Integer","data":"x"}')}}`),
    answer: /expected an integer/,
  },
  {
    name: 'a node that is not a name',
    status: 400,
    request: send('{"node":1,"port":"in","text":"5"}'),
    answer: /USAGE: the body: /,
  },
  {
    name: 'a message that is not JSON',
    status: 400,
    request: send('{"port":"go","text":"five"}'),
    answer: /JSON_SYNTAX: the message/,
  },
  {
    name: 'a body that is not JSON',
    status: 400,
    request: send('port=go'),
    answer: /JSON_SYNTAX: the body/,
  },
  {
    name: 'a body of another form',
    status: 400,
    request: send('{"go":5}'),
    answer: /USAGE: the body: expected \{"port": name, "text": message\}/,
  },
  {
    name: 'a message over 1 MiB',
    status: 413,
    request: post('/TOKEN/send', 'Content-Length: 1048577'),
    answer: /at most 1,048,576 bytes/,
  },
  {
    name: 'a message in chunks',
    status: 413,
    request: `${post('/TOKEN/send', 'Transfer-Encoding: chunked')}5\r\n12345\r\n`,
  },
  {
    name: 'a body in chunks',
    status: 413,
    request: `${post('/TOKEN/pause', 'Transfer-Encoding: chunked')}5\r\n12345\r\n`,
  },
];

suite('page of a network', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime has no sockets');
    return;
  }
  const echo = (packet: { in?: Message }) => ({ out: packet.in! });
  const create = (more = {}) =>
    Network.create(graphOf(['> go -> a.in', 'a.out -> end >'], more), { components: { a: echo } });
  const createInitial = () => create({ connections: [{ to: end('a.in'), data: 1 }] });
  const testServer = (
    name: string,
    body: (network: Network, address: Address, server: PageServer) => Promise<void>,
    make = create,
  ) =>
    test(name, async () => {
      const { servePage } = await import('../../src/cli/page-server.ts');
      const network = await make();
      const server = await servePage(network);
      try {
        const [, port, token] = /^http:\/\/127\.0\.0\.1:(\d+)\/([0-9a-f]{32})\/$/.exec(server.url)!;
        await body(network, { port: Number(port), token: token! }, server);
      } finally {
        await network.stop({ drain: false });
        await server.close();
      }
    });

  const fill = (request: string, { port, token }: Address) =>
    request
      .replaceAll('TOKEN', token)
      .replaceAll('HALF', token.slice(0, 16))
      .replaceAll('UPPER', `X${token.slice(1)}`)
      .replaceAll('HOST', `127.0.0.1:${port}`)
      .replaceAll('PORT', String(port));

  for (const { name, status, request, answer } of ROWS)
    testServer(
      `${status}: ${name}`,
      async (network, address) => {
        const text = await ask(address.port, fill(request, address));
        match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
        if (answer) match(text, answer);
        ok(!/access-control/i.test(text), 'no header of CORS');
        ok(status < 400 || !text.includes(address.token), 'a refusal does not tell the token');
        is(network.pace.isPaused, name === 'a pause', 'a refusal has no effect');
        const { edges } = network.snapshot();
        is(edges['> go']!.packets, name === 'a message' ? 1 : 0, 'a refusal has no effect');
        is(edges['!["a","in"]']?.packets, name === 'an initial packet' ? 1 : undefined);
      },
      createInitial,
    );

  testServer('a page hears of all that happens', async (network, address, server) => {
    const listener = await listen(address);
    await network.call({ go: int(5) });
    server.tell();
    const picture = await listener.until(frames => frames.reduce(reduce, EMPTY).nodes.get('a')?.steps === 1);
    const { drawing, nodes } = picture.reduce(reduce, EMPTY);
    is(drawing!.name, 'test');
    is(nodes.get('a')!.output, 'out: Integer 5');
    listener.end();
  });

  testServer('pause, step and resume reach the network, and all pages', async (network, address) => {
    const listener = await listen(address);
    const order = (name: string) =>
      ask(address.port, fill(post(`/TOKEN/${name}`, 'Content-Length: 0'), address));
    await order('pause');
    await listener.until(frames => frames.at(-1)!.isPaused);
    const calls = [network.call({ go: int(1) }), network.call({ go: int(2) }), network.call({ go: int(3) })];
    await new Promise(resolve => setTimeout(resolve));
    await order('step');
    await listener.until(frames => frames.reduce(reduce, EMPTY).nodes.get('a')?.steps === 1);
    await order('resume');
    is((await Promise.all(calls)).length, 3);
    await listener.until(frames => !frames.at(-1)!.isPaused);
    listener.end();
  });

  testServer('a message that waits for room is dropped when its page leaves', async (network, address) => {
    const request = fill(send('{"port":"go","text":"5"}'), address);
    for (let left = 1024; left > 0; left--) await network.inports.go!.send(int(1));
    const waiting = await connect(address.port);
    waiting.write(request);
    await new Promise(resolve => setTimeout(resolve, 50));
    waiting.destroy();
    await new Promise(resolve => waiting.on('close', resolve));
    await new Promise(resolve => setTimeout(resolve, 50));
    const reading = (async () => {
      let count = 0;
      for await (const _ of network.outports.end!) count++;
      return count;
    })();
    network.start();
    await network.stop();
    is(await reading, 1024);
  });

  testServer('eight pages may listen; another is refused until one leaves', async (_, address) => {
    const listeners = await Promise.all(Array.from({ length: 8 }, () => listen(address)));
    const events = fill(get('/TOKEN/events'), address);
    match(await ask(address.port, events), /^HTTP\/1\.1 503 /);
    for (const listener of listeners) listener.end();
    for (;;) {
      const again = await listen(address, true);
      again.end();
      if (again.text().startsWith('HTTP/1.1 200')) return;
    }
  });

  const many = Array.from({ length: 100 }, (_, index) => `b${index}`);
  const createMany = () => {
    const long: ComponentFunction = ({ in: message }, { state }) => {
      state.set('text', String(message!.data).repeat(300));
    };
    const lines = ['> go -> a.in', ...many.map(node => `a.out -> ${node}.in`)];
    return Network.create(graphOf(lines), {
      components: { a: echo, ...Object.fromEntries(many.map(node => [node, long])) },
    });
  };
  testServer(
    'a page that does not read holds nothing, and then gets the latest picture',
    async (network, address, server) => {
      const slow = await listen(address);
      slow.socket.pause();
      const fast = await listen(address);
      // 100 KB each, together more than sockets keep.
      const rounds = 300;
      for (let round = 1; round <= rounds; round++) {
        await network.call({ go: int(round % 10) });
        server.tell();
        if (round % 10 === 0) await new Promise(resolve => setTimeout(resolve));
      }
      slow.socket.resume();
      const isLatest = (frames: readonly Frame[]) =>
        frames.reduce(reduce, EMPTY).nodes.get('b99')!.steps === rounds;
      const timer = setInterval(() => server.tell(), 20);
      const [seen] = await Promise.all([slow.until(isLatest), fast.until(isLatest)]).finally(() =>
        clearInterval(timer),
      );
      ok(seen.length < rounds, `${seen.length} frames were kept for it`);
      slow.end();
      fast.end();
    },
    createMany,
  );

  testServer('the end of the network is told, and ends the page', async (network, address, server) => {
    const listener = await listen(address);
    await network.stop();
    await server.close();
    await listener.until(frames => frames.at(-1)!.phase === 'stopped');
    await listener.closed;
  });
});

/** Sends a request as it is, and returns the answer. */
async function ask(port: number, request: string): Promise<string> {
  const socket = await connect(port);
  socket.setEncoding('latin1');
  let text = '';
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: unknown) => {
      text += chunk;
      const [head = '', body = ''] = text.split('\r\n\r\n', 2);
      const length = /content-length: (\d+)/i.exec(head)?.[1];
      const isWhole = text.includes('\r\n\r\n') && (length === undefined || body.length >= Number(length));
      // Answers in chunks end with an empty one.
      if (isWhole && (!/transfer-encoding/i.test(head) || text.endsWith('\r\n0\r\n\r\n'))) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(request);
  });
}

async function connect(port: number): Promise<Socket> {
  const { createConnection } = await import('node:net');
  return createConnection({ port, host: '127.0.0.1' });
}

/** Listens as a page does. Resolves when the first frame has come; if `isRaw`, when any answer has. */
async function listen({ port, token }: Address, isRaw = false) {
  const socket = await connect(port);
  socket.setEncoding('utf8');
  let text = '';
  let wake = () => {};
  const closed = new Promise<void>(resolve => socket.on('close', () => resolve()));
  socket.on('data', (chunk: unknown) => {
    text += chunk;
    wake();
  });
  socket.on('error', () => {});
  socket.write(`GET /${token}/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  // Chunks of HTTP begin with their lengths, which are lines of their own.
  const frames = () =>
    text
      .replace(/\r\n[0-9a-f]+\r\n/g, '')
      .split('\n\n')
      .slice(0, -1)
      .flatMap(part => /data: (.*)$/.exec(part)?.[1] ?? [])
      .map(line => JSON.parse(line) as Frame);
  const until = async (isEnough: (frames: readonly Frame[]) => boolean): Promise<readonly Frame[]> => {
    for (;;) {
      const all = frames();
      if (all.length > 0 && isEnough(all)) return all;
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
  if (isRaw)
    await new Promise<void>(resolve => {
      wake = resolve;
    });
  else await until(() => true);
  return { socket, closed, until, text: () => text, end: () => socket.destroy() };
}
