import type { HttpRequest } from '../../abi/index.ts';
import { jspi } from '../../src/engine/jspi.ts';
import { type HttpRules, httpSender } from '../../src/host/http.ts';
import { LIMITS } from '../../src/limits.ts';
import type { CallError, PluginOptions } from '../../src/node.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { createPlugin, suiteInWorker } from '../helpers/modes.ts';
import { suite, type Test } from '../helpers/suite.ts';

const ENV = 'extism:host/env';

type Answer = Response | Error | ((request: Request) => Response);
/** A fetch with one answer for each URL, which records the requests. */
function server(answers: Record<string, Answer>) {
  const seen: {
    url: string;
    method: string;
    headers: Record<string, string>;
    body: unknown;
    init: RequestInit;
  }[] = [];
  const fetch = async (input: URL, init: RequestInit): Promise<Response> => {
    const { method = 'GET', headers = {}, body = null } = init;
    seen.push({ url: input.href, method, headers: headers as Record<string, string>, body, init });
    const answer = answers[input.href];
    if (answer instanceof Error) throw answer;
    if (!answer) throw new Error(`no answer for ${input.href}`);
    return typeof answer === 'function' ? answer(new Request(input)) : answer.clone();
  };
  return { seen, fetch: fetch as typeof globalThis.fetch };
}

const request = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  url,
  method: 'GET',
  headers: {},
  body: null,
  ...more,
});
const to = (location: string, status = 302) => new Response(null, { status, headers: { location } });
const text = (body: Uint8Array) => new TextDecoder().decode(body);
const A = 'https://a.test/';

const send = (
  answers: Record<string, Answer>,
  given: HttpRequest,
  {
    allowedHosts = ['a.test'],
    maxResponseBytes = 100,
    allowedSchemes = ['http', 'https'],
    inPage = false,
    exposesHeaders = true,
  }: Partial<Omit<HttpRules, 'fetch'>> = {},
) => {
  const { seen, fetch } = server(answers);
  const rules: HttpRules = {
    fetch: (url, init) => fetch(url, init),
    inPage,
    exposesHeaders,
    allowedHosts,
    maxResponseBytes,
    allowedSchemes,
  };
  const response = httpSender(rules, () => undefined)(given);
  return { seen, response: Promise.resolve(response) };
};

suite('http', test => {
  test('sends method, headers and body without credentials, and returns status, headers and body', async () => {
    const body = new TextEncoder().encode('ping');
    const { seen, response } = send(
      { [A]: new Response('pong', { status: 418, headers: { 'X-One': '1' } }) },
      request(A, { method: 'POST', headers: { token: 'x' }, body }),
    );
    const got = await response;
    equal([got.status, got.headers['x-one'], text(got.body)], [418, '1', 'pong']);
    const [asked] = seen;
    equal([asked!.method, asked!.headers, asked!.body], ['POST', { token: 'x' }, body]);
    equal([asked!.init.credentials, asked!.init.redirect], ['omit', 'manual']);
  });

  const USER = 'https://user:pass%20word@a.test/';
  const loud: [name: string, answer: Answer, code: string, allowedHosts?: string[]][] = [
    ['is not allowed', new Response('x'), 'HTTP_DENIED', ['b.test']],
    ['cannot be reached', new Error(`cannot reach ${USER}`), 'HTTP_FAILED'],
    ['has too large a response', new Response('x'.repeat(101)), 'HTTP_RESPONSE_LIMIT'],
    ['redirects without end', to(USER), 'HTTP_FAILED'],
    ['redirects to a place that is not allowed', to('https://user:pass%20word@b.test/'), 'HTTP_DENIED'],
    ['redirects to a text that is not a URL', to('http://['), 'HTTP_FAILED'],
  ];
  for (const [name, answer, code, allowedHosts] of loud)
    test(`the message about a URL that ${name} has neither its user name nor its password`, async () => {
      const rules = { allowedHosts: allowedHosts ?? ['a.test'] };
      const { message } = (await raises(() => send({ [A]: answer }, request(USER), rules).response, {
        code,
      })) as Error;
      ok(/(a|b)\.test/.test(message) && !/user|pass/.test(message), message);
    });

  for (const method of ['GET', 'HEAD']) {
    test(`leaves a body of ${method} out`, async () => {
      const { seen, response } = send(
        { [A]: new Response(null) },
        request(A, { method, body: Uint8Array.of(1) }),
      );
      is((await response).body.length, 0);
      is(seen[0]!.body, null);
    });
  }

  test('a user name in the URL becomes a header, as in other clients', async () => {
    const { seen, response } = send({ [A]: new Response('x') }, request('https://us%C3%A9r:p%3Aw@a.test/'));
    await response;
    equal([seen[0]!.url, seen[0]!.headers], [A, { authorization: `Basic ${btoa('us\xc3\xa9r:p:w')}` }]);
  });

  test('a user name may be longer than the argument limit of a function, and must be UTF-8', async () => {
    const name = 'u'.repeat(300_000);
    const { seen, response } = send({ [A]: new Response('x') }, request(`https://${name}@a.test/`));
    await response;
    equal(seen[0]!.headers, { authorization: `Basic ${btoa(`${name}:`)}` });
    await raises(() => send({ [A]: new Response('x') }, request('https://%ff@a.test/')).response, {
      code: 'HTTP_FAILED',
      message: 'http_request: https://a.test/: ',
    });
  });

  const globs: [glob: string, host: string, matches: boolean][] = [
    ['a.test', 'a.test', true],
    ['A.Test', 'a.test', true],
    ['a.test', 'b.a.test', false],
    ['a.test', 'axtest', false],
    ['*.test', 'b.a.test', true],
    ['*.test', 'test', false],
    ['*', 'any.where', true],
    ['?.test', 'a.test', true],
    ['?.test', 'ab.test', false],
    ['[ab].test', 'b.test', true],
    ['[!ab].test', 'b.test', false],
    ['[!ab].test', 'c.test', true],
    ['{a,b}.test', 'a.test', false],
    ['[', 'a.test', false],
    ['a.test(', 'a.test', false],
    ['::1', '[::1]', true],
  ];
  for (const [glob, host, matches] of globs) {
    test(`"${glob}" ${matches ? 'allows' : 'does not allow'} ${host}`, async () => {
      const url = `https://${host}/`;
      const { seen, response } = send({ [url]: new Response('x') }, request(url), { allowedHosts: [glob] });
      if (matches) is(text((await response).body), 'x');
      else await raises(() => response, { code: 'HTTP_DENIED', message: `allowedHosts allows "${glob}"` });
      is(seen.length, matches ? 1 : 0);
    });
  }

  const denied: [name: string, url: string, code: string][] = [
    ['a file', 'file:///etc/passwd', 'HTTP_DENIED'],
    ['data', 'data:text/plain,x', 'HTTP_DENIED'],
    ['an invalid URL', 'a.test/x', 'HTTP_FAILED'],
    ['another host behind a user name that looks allowed', 'https://a.test@b.test/', 'HTTP_DENIED'],
    ['another host behind a backslash', 'https:\\\\b.test\\a.test', 'HTTP_DENIED'],
  ];
  for (const [name, url, code] of denied) {
    test.row([`error.${code}`, 'security.no-system-access'], `refuses ${name}`, async () => {
      const { seen, response } = send({}, request(url));
      await raises(() => response, { code, message: 'http_request: ' });
      is(seen.length, 0);
    });
  }

  const rules: [name: string, location: string, rule: Partial<HttpRules>, message: string][] = [
    ['a scheme that is not', 'http://a.test/', { allowedSchemes: ['https'] }, 'only https is sent'],
    [
      'a scheme that is not',
      'http://a.test/',
      { allowedSchemes: ['https', 'https'] },
      'is sent (allowedSchemes)',
    ],
  ];
  for (const [name, location, rule, message] of rules) {
    test.row(
      'security.no-system-access',
      `a redirect to ${name} allowed is refused, even if every host is: ${JSON.stringify(rule)}`,
      async () => {
        const { seen, response } = send({ [A]: to(location) }, request(A), { allowedHosts: ['*'], ...rule });
        await raises(() => response, { code: 'HTTP_DENIED', message });
        equal(
          seen.map(({ url, init }) => [url, init.redirect]),
          [[A, 'manual']],
        );
      },
    );
  }

  interface Redirected {
    name: string;
    answers: Record<string, Answer>;
    given?: Partial<HttpRequest>;
    allowedHosts?: string[];
    /** URL, method and header names of each request. */
    seen: string[];
    code?: string;
  }
  const B = 'https://b.test/';
  const redirects: Redirected[] = [
    {
      name: 'to an allowed host',
      answers: { [A]: to(`${A}next`), [`${A}next`]: new Response('x') },
      seen: [`GET ${A}`, `GET ${A}next`],
    },
    {
      name: 'to a relative place',
      answers: { [A]: to('/next'), [`${A}next`]: new Response('x') },
      seen: [`GET ${A}`, `GET ${A}next`],
    },
    {
      name: 'to a host that is not allowed',
      answers: { [A]: to(B) },
      seen: [`GET ${A}`],
      code: 'HTTP_DENIED',
    },
    {
      name: 'to a file',
      answers: { [A]: to('file:///etc/passwd') },
      seen: [`GET ${A}`],
      code: 'HTTP_DENIED',
    },
    { name: 'to nowhere', answers: { [A]: to('http://[') }, seen: [`GET ${A}`], code: 'HTTP_FAILED' },
    {
      name: 'to another origin, which does not get private headers',
      answers: { [A]: to(B), [B]: new Response('x') },
      given: { headers: { Authorization: 'secret', cookie: 'c', accept: '*/*' } },
      allowedHosts: ['?.test'],
      seen: [`GET ${A} Authorization cookie accept`, `GET ${B} accept`],
    },
    {
      name: 'of a POST by 302, which becomes a GET without its body',
      answers: { [A]: to('/next'), [`${A}next`]: new Response('x') },
      given: { method: 'POST', headers: { 'content-type': 'a/b', x: '1' }, body: Uint8Array.of(1) },
      seen: [`POST ${A} content-type x +body`, `GET ${A}next x`],
    },
    {
      name: 'of a PUT by 302, which stays one',
      answers: { [A]: to('/next'), [`${A}next`]: new Response('x') },
      given: { method: 'PUT', body: Uint8Array.of(1) },
      seen: [`PUT ${A} +body`, `PUT ${A}next +body`],
    },
    {
      name: 'of a PUT by 303, which becomes a GET',
      answers: { [A]: to('/next', 303), [`${A}next`]: new Response('x') },
      given: { method: 'PUT', body: Uint8Array.of(1) },
      seen: [`PUT ${A} +body`, `GET ${A}next`],
    },
    {
      name: 'of a POST by 307, which stays one',
      answers: { [A]: to('/next', 307), [`${A}next`]: new Response('x') },
      given: { method: 'POST', body: Uint8Array.of(1) },
      seen: [`POST ${A} +body`, `POST ${A}next +body`],
    },
    {
      name: 'without a place is a response',
      answers: { [A]: new Response('x', { status: 302 }) },
      seen: [`GET ${A}`],
    },
  ];
  for (const { name, answers, given, allowedHosts = ['a.test'], seen: expected, code } of redirects) {
    test.row('abi.http-redirect-host', `a redirect ${name}${code ? ` is ${code}` : ''}`, async () => {
      const { seen, response } = send(answers, request(A, given), { allowedHosts });
      if (code) await raises(() => response, { code });
      else is(text((await response).body), 'x');
      equal(
        seen.map(({ method, url, headers, body }) =>
          [method, url, ...Object.keys(headers), ...(body ? ['+body'] : [])].join(' '),
        ),
        expected,
      );
    });
  }

  test.row('limit.httpRedirects', 'an endless circle of redirects fails', async () => {
    const { seen, response } = send({ [A]: to(A) }, request(A));
    await raises(() => response, { code: 'HTTP_FAILED', message: 'redirects more than 10 times' });
    is(seen.length, LIMITS.httpRedirects.default + 1);
  });

  for (const inPage of [true, false]) {
    test(`${inPage ? 'in a page fetch follows' : 'elsewhere the host itself follows'} redirects, if every host is allowed`, async () => {
      const rules = { allowedHosts: ['*'], inPage };
      const { seen, response } = send({ [A]: new Response('x') }, request(A), rules);
      await response;
      is(seen[0]!.init.redirect, inPage ? 'follow' : 'manual');
    });
  }

  test('an opaque redirect is an error', async () => {
    const opaque = Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' });
    const { response } = send({ [A]: () => opaque }, request(A), { inPage: true });
    await raises(() => response, { code: 'HTTP_DENIED', message: 'allow "*" and any scheme' });
  });

  test.row(
    ['error.HTTP_RESPONSE_LIMIT', 'limit.httpResponseBytes'],
    'a body at the limit passes, one byte more does not',
    async () => {
      const at = send({ [A]: new Response('12345') }, request(A), { maxResponseBytes: 5 });
      is(text((await at.response).body), '12345');
      const over = send({ [A]: new Response('123456') }, request(A), { maxResponseBytes: 5 });
      await raises(() => over.response, {
        code: 'HTTP_RESPONSE_LIMIT',
        message: 'over the limit of 5 bytes',
      });
      const none = send({ [A]: new Response(null, { status: 204 }) }, request(A), { maxResponseBytes: 0 });
      is((await none.response).status, 204);
      is(LIMITS.httpResponseBytes.default, 50 << 20);
    },
  );

  test('reading a body that never ends stops at the limit', async () => {
    let pulled = 0;
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: controller => {
        pulled++;
        controller.enqueue(new Uint8Array(1000));
      },
      cancel: () => {
        cancelled = true;
      },
    });
    const { response } = send({ [A]: () => new Response(body) }, request(A), { maxResponseBytes: 5000 });
    await raises(() => response, { code: 'HTTP_RESPONSE_LIMIT' });
    ok(pulled < 20 && cancelled);
  });

  test.row('error.HTTP_FAILED', 'the error of a missing response or a broken body says why', async () => {
    const refused = send(
      { [A]: new Error('fetch failed', { cause: new Error('connection refused') }) },
      request(A),
    );
    await raises(() => refused.response, {
      code: 'HTTP_FAILED',
      message: `${A}: fetch failed: connection refused`,
    });
    const body = new ReadableStream({ pull: controller => controller.error(new Error('gone')) });
    const broken = send({ [A]: () => new Response(body) }, request(A));
    await raises(() => broken.response, { code: 'HTTP_FAILED', message: 'gone' });
  });

  const { body } = new Response('x');
  const notResponses: [name: string, answer: unknown, wrong: string, exposesHeaders?: boolean][] = [
    ['undefined', undefined, 'undefined, expected a Response; its status'],
    ['a text', 'x', '"x", expected a Response; its status'],
    ['an empty object', {}, 'an object of class Object, expected a Response; its status'],
    ['an object with a text as its body', { status: 200, body: 'x' }, 'its body'],
    ['an object without the headers that the plugin may see', { status: 200, body }, 'its headers', true],
    ['an object with plain headers', { status: 200, headers: { a: 'b' }, body }, 'its headers', true],
    ['a redirect without headers', { status: 302, body }, 'its headers'],
  ];
  for (const [name, answer, wrong, exposesHeaders = false] of notResponses) {
    test.row('error.HTTP_FAILED', `a fetch that returns ${name} fails the request`, async () => {
      const rules = { inPage: false, allowedHosts: ['*'], allowedSchemes: ['https'], maxResponseBytes: 9 };
      const fetch = async () => answer as Response;
      const sender = httpSender({ ...rules, fetch, exposesHeaders }, () => undefined);
      await raises(async () => sender(request(A)), { code: 'HTTP_FAILED', message: wrong });
    });
  }
});

/** Sends its input as a request; the output is the body of the response. */
const WASM = buildModule({
  imports: [
    { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
    { module: ENV, name: 'input_offset', results: ['i64'] },
    { module: ENV, name: 'error_set', params: ['i64'] },
    { module: ENV, name: 'http_status_code', results: ['i32'] },
    { module: ENV, name: 'http_headers', results: ['i64'] },
    { module: ENV, name: 'length', params: ['i64'], results: ['i64'] },
  ],
  functions: [
    // Results are passed as the error text, because the bodies have no locals to keep a handle in.
    { name: 'send', body: ['call 1', 'i64.const 0', 'call 0', 'call 2'] },
    { name: 'send_input_as_body', body: ['call 1', 'call 1', 'call 0', 'drop'] },
    { name: 'status', results: ['i32'], body: ['call 3'] },
    { name: 'headers', body: ['call 4', 'call 2'] },
    {
      name: 'caught',
      body: ['try', 'call 1', 'i64.const 0', 'call 0', 'drop', 'catch_all', 'end'],
    },
  ],
});

const httpOfPlugins = (test: Test) => {
  const create = (answers: Record<string, Answer>, options: PluginOptions = {}) => {
    const { seen, fetch } = server(answers);
    return createPlugin(WASM, { allowedHosts: ['a.test'], ...options, fetch }).then(plugin => ({
      plugin,
      seen,
    }));
  };
  const ask = (more: object = {}) => JSON.stringify({ url: A, ...more });
  const textOf = (call: Promise<unknown>) =>
    call.then(
      () => '',
      error => {
        if ((error as CallError).code === 'PLUGIN_ERROR') return (error as Error).message;
        throw error;
      },
    );
  const statusOf = (call: Promise<unknown>) =>
    call.then(
      () => 0,
      error => (error as CallError).exitCode,
    );

  test.row(
    ['env.http_request', 'env.http_status_code', 'env.http_headers'],
    'body, status and headers come back, and status and headers stay between calls',
    async () => {
      const { plugin, seen } = await create(
        {
          [A]: new Response('hello', { status: 404, headers: { 'X-Seen': 'yes', 'content-type': 'a/b' } }),
        },
        { allowHttpResponseHeaders: true },
      );
      equal([await statusOf(plugin.call('status')), await textOf(plugin.call('headers'))], [0, '{}']);
      is(await textOf(plugin.call('send', ask({ method: 'post', headers: { a: 'b' } }))), 'hello');
      equal([seen[0]!.method, seen[0]!.headers], ['POST', { a: 'b' }]);
      is(await statusOf(plugin.call('status')), 404);
      equal(JSON.parse(await textOf(plugin.call('headers'))), { 'content-type': 'a/b', 'x-seen': 'yes' });
    },
  );

  test('an answer needs headers only if the plugin may see them', async () => {
    const fetch = async () => ({ status: 200, body: new Response('x').body }) as Response;
    for (const [allowHttpResponseHeaders, code] of [
      [false, 'PLUGIN_ERROR'],
      [true, 'HTTP_FAILED'],
    ] as const) {
      const plugin = await createPlugin(WASM, { allowedHosts: ['*'], allowHttpResponseHeaders, fetch });
      await raises(() => plugin.call('send', ask()), { code });
    }
  });

  test('null counts as left out, as the Rust PDK writes it', async () => {
    const { plugin, seen } = await create({ [A]: new Response('x') });
    is(await textOf(plugin.call('send', ask({ method: null, headers: null, header: null }))), 'x');
    is(seen[0]!.method, 'GET');
  });

  test('http_headers returns 0 if the plugin may not see headers', async () => {
    const { plugin } = await create({ [A]: new Response('hello') });
    await textOf(plugin.call('send', ask()));
    is(await textOf(plugin.call('headers')), '');
  });

  test('an empty body is handle 0', async () => {
    const { plugin } = await create({ [A]: new Response(null, { status: 204 }) });
    is(await textOf(plugin.call('send', ask())), '');
    is(await statusOf(plugin.call('status')), 204);
  });

  test('the passed block becomes the body of the request', async () => {
    const { plugin, seen } = await create({ [A]: new Response('x') });
    await plugin.call('send_input_as_body', ask({ method: 'PUT' }));
    is(text(seen[0]!.body as Uint8Array), ask({ method: 'PUT' }));
  });

  const wrong: [request: string, message: string][] = [
    ['', 'not JSON'],
    ['[]', 'JSON that is not an object'],
    ['{}', 'a url of type undefined'],
    ['{"url": 5}', 'a url of type number'],
    [ask({ method: 'G T' }), 'the method "G T"'],
    [ask({ method: 5 }), 'the method 5'],
    [ask({ headers: [] }), 'headers that are not an object'],
    [ask({ headers: { a: 1 } }), 'the header "a" of type number'],
    [ask({ body: 'x' }), 'the key "body"'],
  ];
  for (const [input, message] of wrong) {
    test.row('error.INVALID_HTTP_REQUEST', `${message}: ends the call, and nothing is sent`, async () => {
      const { plugin, seen } = await create({ [A]: new Response('x') });
      await raises(() => plugin.call('send', input), { code: 'INVALID_HTTP_REQUEST', message });
      is(seen.length, 0);
      is(await textOf(plugin.call('send', ask())), 'x');
    });
  }

  test.row(
    ['error.HTTP_NOT_ENABLED', 'abi.http-off'],
    'without allowed hosts the error names the URL and the option',
    async () => {
      const { plugin, seen } = await create({}, { allowedHosts: [] });
      const url = 'https://user:word@a.test/x?secret';
      const error = await raises(() => plugin.call('send', JSON.stringify({ url })), {
        code: 'HTTP_NOT_ENABLED',
        message:
          'http_request: https://a.test/x?...: HTTP is not enabled for this plugin; to allow it, give the option allowedHosts: ["a.test"]',
      });
      ok(!/user|word|secret/.test((error as Error).message));
      await raises(() => plugin.call('send', 'x'), {
        code: 'HTTP_NOT_ENABLED',
        message: 'give the option allowedHosts',
      });
      is(seen.length, 0);
    },
  );

  test('a refused request ends the call, also when the plugin catches it', async () => {
    const { plugin } = await create({ [A]: new Response('x') });
    const other = JSON.stringify({ url: 'https://b.test/' });
    for (const name of ['send', 'caught']) {
      await raises(() => plugin.call(name, other), {
        code: 'HTTP_DENIED',
        message: 'https://b.test/ is not allowed',
      });
    }
    is(await textOf(plugin.call('send', ask())), 'x');
  });

  test('aborting the call aborts the request', async () => {
    let asked: (signal: AbortSignal) => void = () => {};
    const whenAsked = new Promise<AbortSignal>(resolve => {
      asked = resolve;
    });
    const fetch = (_: URL, init: RequestInit) => {
      asked(init.signal!);
      return new Promise<Response>(() => {});
    };
    const plugin = await createPlugin(WASM, {
      allowedHosts: ['*'],
      fetch: fetch as typeof globalThis.fetch,
    });
    const controller = new AbortController();
    const call = plugin.call('send', ask(), null, { signal: controller.signal });
    const signal = await whenAsked;
    controller.abort(new Error('enough'));
    await raises(() => call, { code: 'ABORTED', message: 'enough' });
    is(signal.aborted, true);
  });

  test('requests of several calls go one after the other', async () => {
    const { plugin, seen } = await create({ [A]: new Response('x') });
    await Promise.all([1, 2, 3].map(() => textOf(plugin.call('send', ask()))));
    is(seen.length, 3);
  });
};

suite('http of plugins', httpOfPlugins, jspi ? null : 'this engine cannot suspend a plugin');
suiteInWorker('http of plugins', httpOfPlugins);
