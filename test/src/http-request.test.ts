import type { HttpRequest } from '../../abi/index.ts';
import { httpSender } from '../../src/host/http.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const URL_TEXT = 'http://a.test:8080/';

/** Sends a request with a fetch that records it. */
function send(given: Partial<HttpRequest>, answer = new Response('x'), inPage = false) {
  const sent: RequestInit[] = [];
  const fetch = async (_: URL, init: RequestInit) => {
    sent.push(init);
    return answer;
  };
  const rules = { allowedHosts: ['*'], allowedSchemes: ['http'], exposesHeaders: true };
  const response = httpSender(
    { ...rules, fetch, inPage, maxResponseBytes: 100 },
    () => undefined,
  )({
    url: URL_TEXT,
    method: 'POST',
    headers: {},
    body: Uint8Array.of(1, 2),
    ...given,
  });
  return { sent, response: Promise.resolve(response) };
}

suite('requests that cannot be sent', test => {
  const method = (name: string) => ({ method: name });
  const port = (number: string) => ({ url: `http://a.test:${number}/` });
  const named = (name: string) => ({ headers: { [name]: 'x' } });
  const valued = (value: string) => ({ headers: { x: value } });
  interface Refused {
    row: string;
    values: readonly string[];
    request: (value: string) => Partial<HttpRequest>;
    message: string;
    inPage?: true;
  }
  const refused: readonly Refused[] = [
    {
      row: 'http-method',
      values: ['TRACE', 'CONNECT', 'TRACK', 'FOO', 'GETS', 'UNSUBSCRIBE'],
      request: method,
      message: 'cannot be sent: not every runtime has it',
    },
    {
      row: 'http-port',
      values: ['0', '1', '20', '22', '6000', '6667', '10080'],
      request: port,
      message: 'cannot be sent: fetch blocks this port',
    },
    {
      row: 'http-header-fixed',
      values: ['Connection', 'expect', 'Keep-Alive', 'TE', 'trailer', 'Transfer-Encoding', 'upgrade'],
      request: named,
      message: 'cannot be sent: it belongs to the connection',
    },
    {
      row: 'http-header-fixed',
      values: ['Host'],
      request: named,
      message: 'cannot be sent: fetch sets it, to a.test:8080 for this request',
    },
    {
      row: 'http-header-fixed',
      values: ['Content-Length'],
      request: named,
      message: 'cannot be sent: fetch sets it, to 2 for this request',
    },
    {
      row: 'http-header-fixed',
      values: [
        ...[
          'Accept-Charset',
          'accept-encoding',
          'access-control-request-method',
          'cookie',
          'cookie2',
          'Date',
        ],
        ...['DNT', 'Origin', 'referer', 'set-cookie', 'via', 'proxy-x', 'sec-fetch-mode', 'Sec-'],
      ],
      request: named,
      message: 'cannot be sent: in a page only the browser sets it',
      inPage: true,
    },
    {
      row: 'http-header-control',
      values: ['', 'x y', 'x:', 'x\n', 'é', 'x\0'],
      request: named,
      message: 'cannot be sent: it is not the name of a header',
    },
    {
      row: 'http-header-control',
      values: ['\r', '\n', '\0', 'a\u007f', '\u0001'],
      request: valued,
      message: 'the header "x" cannot be sent: its value has a control character',
    },
  ];
  for (const { row, values, request, message, inPage } of refused)
    for (const value of values)
      test.row(
        ['error.INVALID_HTTP_REQUEST', `abi.${row}`],
        `${JSON.stringify(request(value))} is refused${inPage ? ' in a page' : ''}, and nothing is sent`,
        async () => {
          const { sent, response } = send(request(value), undefined, inPage);
          await raises(() => response, { code: 'INVALID_HTTP_REQUEST', message });
          is(sent.length, 0);
        },
      );

  test.row('abi.http-port', 'a redirect to a port that fetch blocks is refused', async () => {
    const answer = new Response(null, { status: 302, headers: { location: 'http://b.test:25/' } });
    const { sent, response } = send({}, answer);
    await raises(() => response, { code: 'INVALID_HTTP_REQUEST', message: 'port 25' });
    is(sent.length, 1);
  });
});

suite('requests that can be sent', test => {
  const headers: [name: string, given: Record<string, string>, sent: Record<string, string>][] = [
    ['most headers as they are', { 'X-One': '1', 'user-agent': 'me' }, { 'X-One': '1', 'user-agent': 'me' }],
    ['cookies, outside pages', { cookie: 'a=1', origin: 'x' }, { cookie: 'a=1', origin: 'x' }],
    ['without the host that fetch sets', { Host: 'a.test:8080', x: '1' }, { x: '1' }],
    ['without the length that fetch sets', { 'content-length': '2' }, {}],
    ['names that objects inherit', { constructor: 'x', valueof: 'y' }, { constructor: 'x', valueof: 'y' }],
    ['a tab and nothing', { x: 'a\tb', y: '' }, { x: 'a\tb', y: '' }],
  ];
  for (const [name, given, expected] of headers)
    test(`${name}: ${JSON.stringify(given)}`, async () => {
      const { sent, response } = send({ headers: given });
      await response;
      equal({ ...sent[0]!.headers }, expected);
    });

  test.row('abi.http-header-text', 'a value beyond ASCII goes out as UTF-8', async () => {
    const { sent, response } = send({ headers: { x: 'é€' } });
    await response;
    const [[, value] = []] = Object.entries(sent[0]!.headers!);
    const takesText = value === 'é€';
    const bytes = takesText
      ? new TextEncoder().encode(value)
      : Array.from(value as string, char => char.charCodeAt(0));
    equal([...bytes], [...new TextEncoder().encode('é€')]);
  });

  test('a header of the plugin wins over the user in the URL', async () => {
    const { sent, response } = send({
      url: 'http://user@a.test/',
      headers: { Authorization: 'Bearer x' },
    });
    await response;
    equal({ ...sent[0]!.headers }, { Authorization: 'Bearer x' });
  });
});

suite('headers of responses', test => {
  interface Read {
    row: string;
    name: string;
    given: readonly (readonly [name: string, value: string])[];
    body: string | Uint8Array<ArrayBuffer>;
    left: Record<string, string>;
  }
  const cookies = [
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ] as const;
  const twice = [
    ['x', '1'],
    ['x', '2'],
  ] as const;
  const texts = [
    ['x', '\u00e9'],
    ['y', 'e'],
  ] as const;
  const coded = (coding: string, length: string) =>
    [
      ['content-encoding', coding],
      ['content-length', length],
    ] as const;
  const read: Read[] = [
    {
      row: 'http-cookies',
      name: 'the last cookie is kept',
      given: cookies,
      body: 'x',
      left: { 'set-cookie': 'b=2' },
    },
    { row: 'http-repeated', name: 'other headers are joined', given: twice, body: 'x', left: { x: '1, 2' } },
    {
      row: 'http-response-text',
      name: 'a value beyond ASCII is left out',
      given: texts,
      body: 'x',
      left: { y: 'e' },
    },
    ...['gzip', 'br', 'GZip', 'x-gzip', 'deflate', 'zstd', 'gzip, br'].map(coding => ({
      row: coding === 'gzip' ? 'http-gzip' : 'http-coding',
      name: `${coding} does not stay on a decoded body, nor its length`,
      given: coded(coding, '30'),
      body: 'decoded',
      left: {},
    })),
    ...['deflate', 'zstd', 'other', 'identity'].map(coding => ({
      row: 'http-coding',
      name: `${coding} stays on a body that was not decoded`,
      given: coded(coding, '3'),
      body: 'raw',
      left: { 'content-encoding': coding, 'content-length': '3' },
    })),
  ];
  const zstd = [['content-encoding', 'zstd']] as const;
  read.push(
    {
      row: 'http-coding',
      name: 'zstd stays on a body in chunks that was not decoded',
      given: zstd,
      body: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 4, 0),
      left: { 'content-encoding': 'zstd' },
    },
    {
      row: 'http-coding',
      name: 'zstd does not stay on a decoded body in chunks',
      given: zstd,
      body: 'decoded',
      left: {},
    },
  );
  for (const { row, name, given, body, left } of read)
    test.row(`abi.${row}`, name, async () => {
      const headers = new Headers(given.map(([name, value]): [string, string] => [name, value]));
      const answer = { status: 200, type: 'basic', body: new Response(body).body, headers };
      const { response } = send({}, answer as Response);
      equal({ ...(await response).headers }, left);
    });

  test('a response to HEAD keeps the headers of the body that it leaves out', async () => {
    const given = { 'content-encoding': 'gzip', 'content-length': '30' };
    const { response } = send({ method: 'HEAD', body: null }, new Response(null, { headers: given }));
    equal({ ...(await response).headers }, given);
  });
});
