import { jspi } from '../../src/engine/jspi.ts';
import type { CallContext, CallError } from '../../src/node.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { createPlugin, suiteInWorker } from '../helpers/modes.ts';
import { suite, type Test } from '../helpers/suite.ts';

// Async host functions and HTTP, used as in the programs for the official JS SDK (test/package/js-sdk), on every runtime.

const later = <T>(value: T) => new Promise<T>(resolve => setTimeout(resolve, 1, value));

const pluginsThatWait = (test: Test) => {
  test('host functions read and write a slow store', async () => {
    const store = new Map<string, Uint8Array>();
    const lines: string[] = [];
    const plugin = await createPlugin(host().readBytes('fixtures/kv-store/kv_store.wasm'), {
      useWasi: true,
      functions: {
        'extism:host/user': {
          async kv_read(context: CallContext, name: bigint) {
            const key = context.read(name)!.text();
            const value = await later(store.get(key) ?? new Uint8Array(4));
            lines.push(`read ${value[0]} from ${key}`);
            return context.store(value);
          },
          async kv_write(context: CallContext, name: bigint, value: bigint) {
            const key = context.read(name)!.text();
            lines.push(`write ${context.read(value)!.getUint32(0, true)} to ${key}`);
            store.set(key, await later(context.read(value)!.bytes()));
          },
        },
      },
    });
    const report = async () => (await plugin.call('count_vowels', 'Hello World!'))?.json();
    equal(
      [await report(), await report()],
      [
        { count: 3, total: 3, vowels: 'aeiouAEIOU' },
        { count: 3, total: 6, vowels: 'aeiouAEIOU' },
      ],
    );
    const [read, written] = ['read 0 from count-vowels', 'write 3 to count-vowels'];
    equal(lines, [read, written, read.replace('0', '3'), written.replace('3', '6')]);
    await plugin.close();
  });

  test('a plugin in Rust sends requests', async () => {
    const fetch = async (url: URL, { method, headers, body }: RequestInit) => {
      const text = body ? new TextDecoder().decode(body as Uint8Array) : 'nothing';
      const token = (headers as Record<string, string>)['x-token'] ?? 'none';
      await later(null);
      return new Response(`${method} ${url.pathname} ${text}`, {
        status: url.pathname === '/missing' ? 404 : 200,
        headers: { 'X-Token': token, 'content-type': 'text/plain' },
      });
    };
    const plugin = await createPlugin(host().readBytes('fixtures/rust-http/rust_http.wasm'), {
      allowedHosts: ['*.test'],
      allowHttpResponseHeaders: true,
      fetch: fetch as typeof globalThis.fetch,
    });
    is((await plugin.call('get', 'https://a.test/there'))?.text(), 'GET /there nothing');
    const request = { url: 'https://a.test/missing', method: 'POST', headers: { 'x-token': 's' }, body: 'ü' };
    const response = (await plugin.call('send', JSON.stringify(request)))?.json<{ headers: object }>();
    const headers = { 'content-type': 'text/plain', 'x-token': 's' };
    equal(response, { status: 404, headers, body: 'POST /missing ü' });
    const error = await raises(() => plugin.call('get', 'https://b.example/'), { code: 'HTTP_DENIED' });
    is((error as CallError).exitCode, null);
    is((await plugin.call('get', 'https://b.test/'))?.text(), 'GET / nothing');
    await plugin.close();
  });
};

suite('PDK plugins that wait', pluginsThatWait, jspi ? null : 'this engine cannot suspend a plugin');
suiteInWorker('PDK plugins that wait', pluginsThatWait);
